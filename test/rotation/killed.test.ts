import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { generateLocalKey, LocalProvider } from '../../providers/local/index.js'
import { EnvelopeCipher, metadataFromJson } from '../../src/index.js'
import { bindingOf } from '../../src/postgres/index.js'
import { killWhereItStops } from '../setup/killed-process.js'
import { type Transpiled, transpile } from '../setup/transpile.js'
import { nothing, Rotating } from './rotating.js'

/** A real process, killed at each step of a run of three batches, and the run taken up by another one. */
const ROWS = 5
const keys = `1:${generateLocalKey()},2:${generateLocalKey()}`
const cipherOf = (currentKey: number) => new EnvelopeCipher({ provider: new LocalProvider({ keys, currentKey }) })

let transpiled: Transpiled
beforeAll(() => {
  transpiled = transpile(fileURLToPath(new URL('../../', import.meta.url)), 'test/rotation/killed-rotation.ts')
})
afterAll(() => transpiled.remove())

let r: Rotating
beforeEach(async () => {
  r = await Rotating.create()
})
afterEach(() => r.drop())

const READER = 1
const WRITER = 2

const STOPS: Readonly<Record<string, object>> = {
  'before the sets are written down': {
    connection: READER,
    statement: 'INSERT INTO waxseal.run_set',
    nth: 1,
    side: 'before',
  },
  'before a range is its own': {
    connection: READER,
    statement: 'INSERT INTO waxseal.run_range',
    nth: 1,
    side: 'after',
  },
  'before a call to the KMS': { call: 3, side: 'before' },
  'after a call to the KMS': { call: 3, side: 'after' },
  'after the fields of a batch are digested': {
    connection: WRITER,
    statement: 'AS digests',
    nth: 2,
    side: 'after',
  },
  'after their wraps are stored': { connection: WRITER, statement: '^UPDATE "public"', nth: 2, side: 'after' },
  'before the commit': { connection: WRITER, statement: '^COMMIT$', nth: 2, side: 'before' },
  'after the commit': { connection: WRITER, statement: '^COMMIT$', nth: 2, side: 'after' },
  'before the run ends': { connection: READER, statement: `state = 'finished'`, nth: 1, side: 'before' },
}

for (const [where, stopAt] of Object.entries(STOPS)) {
  for (const verify of ['each', 'sample'] as const) {
    test(`killed ${where}, with --verify ${verify}: what is counted is stored, and run again it is as run once`, async () => {
      const ids = await r.insertBy(cipherOf(1), ROWS)
      await killAt(stopAt, verify)
      const counted = await r.pool.query(
        `SELECT coalesce(sum(rows), 0)::int AS rows FROM waxseal.run_count WHERE name = 'rewrapped'`,
      )
      expect(counted.rows[0].rows).toBe((await underKey2()).length)
      await r.silence()
      expect(await r.rotate({ cipher: cipherOf(2), verify, batchRows: 2 })).toMatchObject({
        ...{ ...nothing, rewrapped: ROWS, compared: ROWS, opened: verify === 'sample' ? ROWS : 0 },
      })
      expect((await underKey2()).sort()).toEqual(ids.sort())
      for (const id of ids) expect(await passwordOf(id)).toBe(`password of ${id}`)
      const left = `SELECT FROM waxseal.run_range UNION ALL SELECT FROM waxseal.rewrap_journal`
      expect((await r.pool.query(left)).rows).toEqual([])
    })
  }
}

/** Rows under key 2, each of which was rewrapped once. */
async function underKey2(): Promise<string[]> {
  const { rows } = await r.credentials.query(
    `SELECT id FROM {table} WHERE encryption_metadata #>> '{wraps,0,kek,version}' ~ '^2-' AND encryption_metadata -> 'wrap' = '2'`,
  )
  return rows.map(({ id }) => id as string)
}

async function passwordOf(id: string): Promise<unknown> {
  const row = await r.credentials.read(id)
  const envelope = await cipherOf(2).open(
    metadataFromJson(row.encryption_metadata),
    bindingOf(r.credentials.table, { ...row }),
  )
  return r.credentials.decryptWith(envelope, 'password', row.password!)
}

async function killAt(stopAt: object, verify: string): Promise<void> {
  const env = {
    ...{ DATABASE_URL: r.database.url, KEYS: keys, VERIFY: verify },
    ...{ TABLE: JSON.stringify(r.credentials.table), STOP_AT: JSON.stringify(stopAt) },
  }
  const applicationName = `killed rotation ${process.pid}`
  await killWhereItStops(r.database.client, { args: [transpiled.file], env, applicationName })
}
