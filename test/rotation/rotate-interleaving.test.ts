import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type pg from 'pg'
import { metadataToJson } from '../../src/index.js'
import type { Pool, Queryable } from '../../src/postgres/index.js'
import type { RunEvent } from '../../src/rotation/index.js'
import { FIELDS, type FieldName, type Row } from '../postgres/credentials.js'
import { Rotating } from './rotating.js'

let r: Rotating
beforeAll(async () => {
  r = await Rotating.create()
})
afterAll(() => r.drop())

/** What an application does between two steps of a rotation. */
type Write = { readonly row: number; readonly kind: 'renew' | 'partial' | 'delete' | 'insert' | 'shred' }

interface Step {
  /** When it happens: at this call to the KMS of the rotation, counted over all of its attempts. */
  readonly at: number
  readonly event: Write | 'kill' | 'fail' | 'rotate the KEK'
}

const anyWrite: fc.Arbitrary<Write> = fc.record({
  row: fc.nat(7),
  kind: fc.constantFrom('renew', 'partial', 'delete', 'insert', 'shred'),
})
const step: fc.Arbitrary<Step> = fc.record({
  at: fc.nat(12),
  event: fc.oneof(
    { arbitrary: anyWrite, weight: 6 },
    { arbitrary: fc.constantFrom('kill' as const, 'fail' as const, 'rotate the KEK' as const), weight: 4 },
  ),
})

/** A lease that was on its way when its process was killed may be stored after it: nobody waits for the fifteen seconds. */
const missWhoDied = ({ type }: RunEvent) => {
  if (type === 'waiting') void r.silence()
}

const KILLED = new Error('killed')
let isDead = false

/** Sockets of the process that runs. */
const sockets = new Set<{ destroy(): unknown }>()

/** The operating system closes the connections of a process that is killed, and the server ends what it had begun. */
function kill(): void {
  isDead = true
  for (const socket of sockets) socket.destroy()
  sockets.clear()
}

const unheard = () => undefined

/** The connections of a process that may be killed: then it sends nothing any more, and hears nothing. */
function mortal(pool: pg.Pool): Pool {
  const alive = (query: Queryable['query']): Queryable['query'] => {
    return async (text, values) => {
      if (isDead) throw KILLED
      return query(text, values).catch((error) => Promise.reject(isDead ? KILLED : error))
    }
  }
  return {
    query: alive((text, values) => pool.query(text, values)),
    async connect() {
      const client = await pool.connect()
      client.on('error', unheard)
      const { stream } = (client as unknown as { connection: { stream: { destroy(): unknown } } }).connection
      sockets.add(stream)
      return {
        query: alive((text, values) => client.query(text, values)),
        release(destroy) {
          sockets.delete(stream)
          // A connection that is destroyed may say so later.
          if (!destroy) client.off('error', unheard)
          client.release(destroy)
        },
      }
    },
  }
}

test('any interleaving of batches, kills, faults and writers ends with every row open and none stale', async () => {
  const happened = { kill: 0, write: 0, refused: 0, 'rotate the KEK': 0 }
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 10 }),
      fc.integer({ min: 1, max: 3 }),
      async (steps, batchRows) => {
        await r.credentials.query('TRUNCATE {table}')
        await r.pool.query('DELETE FROM waxseal.run')
        const expected = new Map<string, Record<FieldName, unknown>>()
        for (let n = 0; n < 6; n++) {
          const { id } = await r.credentials.insert({ password: `p${n}`, oauth: `o${n}` })
          expected.set(id, { password: `p${n}`, oauth: `o${n}` })
        }
        r.credentials.provider.kms.rotate()
        let calls = 0
        const cipher = r.intercepted(async (rewrap) => {
          const now = steps.filter(({ at }) => at === calls)
          calls += 1
          const next = await rewrap()
          for (const { event } of now) await perform(event, expected)
          return next
        })
        for (let isEnded = false; !isEnded; ) {
          isDead = false
          const end = await r
            .rotate({ cipher, batchRows, concurrency: 2, pool: mortal(r.pool), onEvent: missWhoDied })
            .catch((error) => error)
          isEnded = end !== KILLED
          if (isEnded) expect(end).toMatchObject({ state: 'finished' })
          // Nobody tells the others: they miss it.
          else await r.silence()
        }
        isDead = false
        // Rows that failed in the last pass, or that came behind it, need nothing but another run.
        expect(await r.rotate()).toMatchObject({ state: 'finished', failed: 0 })
        expect(await r.stale()).toBe(0)
        const { rows } = await r.credentials.query('SELECT * FROM {table}')
        for (const row of rows as unknown as Row[]) {
          if (row.encryption_metadata['shredded']) continue
          expect(await r.credentials.decrypt(row)).toEqual(expected.get(row.id))
        }
        const { rows: left } = await r.pool.query('SELECT FROM waxseal.run_range')
        expect(left).toEqual([])
      },
    ),
    { numRuns: 40 },
  )

  async function perform(event: Step['event'], expected: Map<string, Record<FieldName, unknown>>): Promise<void> {
    if (event === 'kill') {
      happened.kill += 1
      kill()
      return
    }
    if (event === 'fail') throw new Error('a fault of one row')
    if (event === 'rotate the KEK') {
      happened[event] += 1
      r.credentials.provider.kms.rotate()
      return
    }
    try {
      await write(event, expected)
      happened.write += 1
    } catch (error) {
      expect(error).toMatchObject({ code: expect.stringMatching(/^WX00[24]$/) })
      happened.refused += 1
    }
  }

  async function write({ kind, row: nth }: Write, expected: Map<string, Record<FieldName, unknown>>): Promise<void> {
    const { credentials } = r
    if (kind === 'insert') {
      const { id } = await credentials.insert({ password: 'new', oauth: 'new' })
      expected.set(id, { password: 'new', oauth: 'new' })
      return
    }
    const { rows } = await credentials.query('SELECT * FROM {table} ORDER BY id OFFSET $1 LIMIT 1', [nth])
    const row = rows[0] as unknown as Row | undefined
    if (!row || row.encryption_metadata['shredded']) return
    if (kind === 'delete') {
      await credentials.query('DELETE FROM {table} WHERE id = $1', [row.id])
    } else if (kind === 'shred') {
      const { format, id, commitment } = row.encryption_metadata
      await credentials.update(row.id, { encryption_metadata: { format, id, commitment, shredded: 'receipt' } })
    } else if (kind === 'partial') {
      const envelope = await credentials.open(row)
      await credentials.update(row.id, { password: credentials.encrypt(envelope, 'password', 'changed') })
      expected.set(row.id, { ...expected.get(row.id)!, password: 'changed' })
    } else {
      const envelope = await credentials.mint(row.id)
      const fields = Object.fromEntries(FIELDS.map((field) => [field, credentials.encrypt(envelope, field, 'renewed')]))
      await credentials.update(row.id, { ...fields, encryption_metadata: metadataToJson(envelope.metadata) })
      expected.set(row.id, { password: 'renewed', oauth: 'renewed' })
    }
  }

  // All of it happened, or the property was about nothing.
  expect(Math.min(happened.kill, happened.write, happened['rotate the KEK'])).toBeGreaterThan(3)
})
