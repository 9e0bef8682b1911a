import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { metadataToJson } from '../../src/index.js'
import { type Queryable, readEnvelopes, rewrapRows, type StoredRow } from '../../src/postgres/index.js'
import { outcome, type Row } from '../postgres/credentials.js'
import { ENTITY, shreddingSuite } from './shredding-suite.js'

const suite = shreddingSuite()

async function storedRows(): Promise<StoredRow[]> {
  const rows: StoredRow[] = []
  for await (const batch of readEnvelopes(suite.client, suite.credentials.table)) rows.push(...batch)
  return rows
}

/** Runs something once, before the first statement that matches. */
function interfering(pattern: RegExp, run: () => Promise<unknown>): Queryable {
  let done = false
  return {
    async query(text, values) {
      if (!done && pattern.test(text)) {
        done = true
        await run()
      }
      return suite.client.query(text, values)
    },
  }
}

test('a rewrap that began before does not bring the wraps back', async () => {
  await suite.insertMany(3)
  suite.credentials.provider.kms.rotate()
  const rows = await storedRows()
  const client = interfering(/^UPDATE/, () => suite.shred(ENTITY))
  const { table, cipher } = suite.credentials
  expect(await rewrapRows(client, table, rows, cipher)).toMatchObject({ rewrapped: 0, shredded: 3, failures: [] })
  const stored = await suite.credentials.query(`SELECT FROM {table} WHERE encryption_metadata ? 'wraps'`)
  expect(stored.rows).toEqual([])
})

test('a rewrap that does not compare what it read is refused by the guard', async () => {
  const [row] = await suite.insertMany(1)
  await suite.shred(ENTITY)
  const rewrapped = { ...row!.encryption_metadata, wrap: 2 }
  expect(await outcome(suite.credentials.update(row!.id, { encryption_metadata: rewrapped }))).toBe('WX004')
})

test('a rewrap that is not committed yet is waited for, and the wraps that it made are the ones that go', async () => {
  const [row] = await suite.insertMany(1)
  suite.credentials.provider.kms.rotate()
  const other = await suite.connect()
  await other.query('BEGIN')
  await rewrapRows(other, suite.credentials.table, await storedRows(), suite.credentials.cipher)
  const shredding = suite.shred(ENTITY)
  const waits = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`
  while ((await other.query(waits)).rows.length === 0);
  await other.query('COMMIT')
  const { receipt } = await shredding
  expect(receipt).toMatchObject({ rows: 1, keks: [{ kek: { version: '2' }, wraps: 1 }] })
  expect((await suite.credentials.read(row!.id)).encryption_metadata).toHaveProperty('shredded', receipt.id)
})

test('old wraps in the journal of a rotation go in the same transaction', async () => {
  const [row, other] = [...(await suite.insertMany(1)), ...(await suite.insertMany(1, 'other'))]
  const { rows: runs } = await suite.client.query(
    `INSERT INTO waxseal.run (kind, entity, table_name, started_by) VALUES ('rotate', 'credential', $1, 'test') RETURNING id`,
    [suite.credentials.name],
  )
  for (const { id, encryption_metadata: metadata } of [row!, other!]) {
    await suite.client.query(
      'INSERT INTO waxseal.rewrap_journal (run, envelope, primary_key, metadata) VALUES ($1, $2, $3, $4)',
      [runs[0].id, metadata.id, [id], metadata],
    )
  }
  await suite.shred(suite.rowTarget(row!))
  const { rows } = await suite.client.query('SELECT envelope FROM waxseal.rewrap_journal WHERE run = $1', [runs[0].id])
  expect(rows).toEqual([{ envelope: other!.encryption_metadata.id }])
})

type Step = 'read' | 'save' | 'rewrap' | 'shred'

test('shred, save and rewrap of one row, in any order and from rows that were read before, end consistent', async () => {
  const counts = { accepted: 0, refused: 0, shredded: 0 }
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom<Step>('read', 'save', 'save', 'rewrap', 'shred'), { minLength: 3, maxLength: 10 }),
      async (steps) => {
        const [{ id }] = (await suite.insertMany(1)) as [Row]
        let expected: string | undefined = 'password 0'
        let read = await suite.credentials.read(id)
        let stored = await storedRows()
        for (const [n, step] of steps.entries()) {
          if (step === 'read') [read, stored] = [await suite.credentials.read(id), await storedRows()]
          if (step === 'shred') {
            const { receipt, failures } = await suite.shred(suite.rowTarget({ id }))
            expect(failures).toEqual([])
            if (receipt.rows > 0) expected = undefined
            counts.shredded += receipt.rows
          }
          if (step === 'rewrap') {
            suite.credentials.provider.kms.rotate()
            const { table, cipher } = suite.credentials
            expect((await rewrapRows(suite.client, table, stored, cipher)).failures).toEqual([])
          }
          // One that keeps the envelope of the row as it was read, or one that brings a new one.
          if (step === 'save' && (await save(id, read, `saved ${n}`, n % 2 === 0))) expected = `saved ${n}`
          const now = await suite.credentials.read(id)
          const opened = await suite.credentials.decrypt(now).catch((error: { code: string }) => error.code)
          expect(opened).toEqual(
            expected === undefined ? 'ERR_CREDENTIAL_SHREDDED' : { password: expected, oauth: null },
          )
        }
        await suite.credentials.query('DELETE FROM {table}')
      },
    ),
    { numRuns: 60 },
  )

  async function save(id: string, read: Row, value: string, isNew: boolean): Promise<boolean> {
    const isWrapped = 'wraps' in read.encryption_metadata
    const envelope = isNew || !isWrapped ? await suite.credentials.mint(id) : await suite.credentials.open(read)
    const password = suite.credentials.encrypt(envelope, 'password', value)
    const changes = {
      password,
      ...((isNew || !isWrapped) && { encryption_metadata: metadataToJson(envelope.metadata) }),
    }
    const result = await outcome(suite.credentials.update(id, changes))
    expect(result).toMatch(/^(accepted|WX002)$/)
    counts[result === 'accepted' ? 'accepted' : 'refused'] += 1
    return result === 'accepted'
  }

  // All of it happened, or the property was about nothing.
  expect(counts.accepted).toBeGreaterThan(20)
  expect(counts.refused).toBeGreaterThan(5)
  expect(counts.shredded).toBeGreaterThan(20)
})
