import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { generateLocalKey, LocalProvider } from '../../providers/local/index.js'
import { EnvelopeCipher } from '../../src/index.js'
import { killWhereItStops } from '../setup/killed-process.js'
import { type Transpiled, transpile } from '../setup/transpile.js'
import { Accounts } from './accounts.js'
import { adopt, rollback, verify } from './working.js'

/** A real process, killed at each step of a run of three batches, and the run taken up by another one. */
const ROWS = 5
const keys = `1:${generateLocalKey()}`
const cipher = new EnvelopeCipher({ provider: new LocalProvider({ keys, currentKey: 1 }) })
const WRITER = 2

const STOPS: Readonly<Record<string, object>> = {
  'before a call to the KMS': { call: 3, side: 'before' },
  'after a call to the KMS': { call: 3, side: 'after' },
  'after the rows of a batch are locked': { connection: WRITER, statement: 'SKIP LOCKED', nth: 2, side: 'after' },
  'after they are written': { connection: WRITER, statement: '^UPDATE "public"', nth: 2, side: 'after' },
  'before the commit': { connection: WRITER, statement: '^COMMIT$', nth: 2, side: 'before' },
  'after the commit': { connection: WRITER, statement: '^COMMIT$', nth: 2, side: 'after' },
}

let transpiled: Transpiled
beforeAll(() => {
  transpiled = transpile(fileURLToPath(new URL('../../', import.meta.url)), 'test/adoption/killed-adoption.ts')
})
afterAll(() => transpiled.remove())

let accounts: Accounts
let before: string
beforeEach(async () => {
  accounts = await Accounts.create()
  for (let n = 0; n < ROWS; n++) await accounts.insert(`secret ${n}`, { token: n })
  before = await accounts.digest()
})
afterEach(() => accounts.drop())

async function killAt(kind: 'adopt' | 'rollback', stopAt: object): Promise<void> {
  const env = {
    ...{ DATABASE_URL: accounts.database.url, KEYS: keys, KIND: kind },
    ...{ TABLE: JSON.stringify(accounts.table), STOP_AT: JSON.stringify(stopAt) },
  }
  const applicationName = `killed ${kind} ${process.pid}`
  await killWhereItStops(accounts.database.client, { args: [transpiled.file], env, applicationName })
  // As after 15 seconds without a sign.
  await accounts.query(`UPDATE waxseal.run_range SET heartbeat_at = heartbeat_at - interval '16 seconds'`)
}

const countedAs = async (name: string) => {
  const [found] = await accounts.query(
    'SELECT coalesce(sum(rows), 0)::int AS rows FROM waxseal.run_count WHERE name = $1',
    [name],
  )
  return found!.rows as number
}
const enveloped = async () => {
  const [found] = await accounts.query(`SELECT count(*)::int AS rows FROM account WHERE encryption_metadata <> '{}'`)
  return found!.rows as number
}

describe.each(Object.entries(STOPS))('killed %s', (_where, stopAt) => {
  test('an adoption has counted what it stored, and run again it is as run once', async () => {
    await killAt('adopt', stopAt)
    expect(await countedAs('encrypted')).toBe(await enveloped())
    expect(await adopt(accounts, { cipher })).toEqual({ state: 'finished', counts: { encrypted: ROWS }, failed: 0 })
    expect(await verify(accounts, { cipher })).toMatchObject({ counts: { verified: ROWS }, failed: 0 })
  })

  test('a rollback has counted what it stored, and run again it is as run once', async () => {
    await adopt(accounts, { cipher })
    await killAt('rollback', stopAt)
    expect(await countedAs('decrypted')).toBe(ROWS - (await enveloped()))
    expect(await rollback(accounts, { cipher })).toEqual({ state: 'finished', counts: { decrypted: ROWS }, failed: 0 })
    expect(await accounts.digest()).toBe(before)
  })
})
