import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { readReceipt, resumeShred } from '../../src/shredding/index.js'
import { killWhereItStops } from '../setup/killed-process.js'
import type { StopAt } from '../setup/stopping-at.js'
import { type Transpiled, transpile } from '../setup/transpile.js'
import { shreddingSuite } from './shredding-suite.js'

/** A real process, killed at each step of a run of three batches. */
const suite = shreddingSuite()
const ROWS = 5
let transpiled: Transpiled
beforeAll(() => {
  transpiled = transpile(fileURLToPath(new URL('../../', import.meta.url)), 'test/shredding/killed-shred.ts')
})
afterAll(() => transpiled.remove())

const STOPS: Readonly<Record<string, StopAt & { readonly done: number }>> = {
  'after the receipt is begun': { statement: 'INSERT INTO waxseal.shred_receipt', nth: 1, side: 'after', done: 0 },
  'after the rows of a batch are locked': { statement: 'FOR UPDATE OF stored', nth: 2, side: 'after', done: 2 },
  'after their wraps are removed': { statement: '^UPDATE', nth: 2, side: 'after', done: 2 },
  'after they are in the receipt': { statement: 'INSERT INTO waxseal.shredded_row', nth: 2, side: 'after', done: 2 },
  'after they are announced': { statement: 'pg_notify', nth: 2, side: 'after', done: 2 },
  'before the commit': { statement: '^COMMIT$', nth: 2, side: 'before', done: 2 },
  'after the commit': { statement: '^COMMIT$', nth: 2, side: 'after', done: 4 },
  'after a decryption was tried': { statement: 'shredded.envelope', nth: 1, side: 'after', done: 5 },
  'before the receipt ends': { statement: 'INSERT INTO waxseal.shred_end', nth: 1, side: 'before', done: 5 },
}

for (const [where, { done, ...stopAt }] of Object.entries(STOPS)) {
  test(`killed ${where}: what the receipt has is shredded and nothing else is, and another process ends it`, async () => {
    await suite.insertMany(ROWS)
    const { table, cipher } = suite.credentials
    const id = await killedAt(stopAt)
    expect(await shreddedRows()).toEqual(await rowsInReceipt(id))
    expect(await readReceipt(suite.client, id)).toMatchObject({ status: 'running', rows: done })

    const { receipt, failures } = await resumeShred(suite.client, id, { tables: [table], cipher })
    expect(failures).toEqual([])
    expect(receipt).toMatchObject({ status: 'pending', rows: ROWS, tried: ROWS })
    expect(await shreddedRows()).toEqual(await rowsInReceipt(id))
  })
}

test('killed after the receipt has ended: it is what it would have been', async () => {
  await suite.insertMany(ROWS)
  const id = await killedAt({ statement: 'INSERT INTO waxseal.shred_end', nth: 1, side: 'after' })
  expect(await readReceipt(suite.client, id)).toMatchObject({ status: 'pending', rows: ROWS, tried: ROWS })
})

async function shreddedRows(): Promise<unknown[]> {
  const { rows } = await suite.credentials.query(
    `SELECT encryption_metadata ->> 'id' AS envelope, encryption_metadata ->> 'shredded' AS receipt FROM {table}
     WHERE encryption_metadata ? 'shredded' ORDER BY 1`,
  )
  return rows
}

async function rowsInReceipt(id: string): Promise<unknown[]> {
  const text = 'SELECT envelope, receipt::text FROM waxseal.shredded_row WHERE receipt = $1 ORDER BY 1'
  return (await suite.client.query(text, [id])).rows
}

/** The id of the receipt that the killed process has begun. */
async function killedAt(stopAt: StopAt): Promise<string> {
  const env = {
    DATABASE_URL: suite.database.url,
    TABLE: JSON.stringify(suite.credentials.table),
    STOP_AT: JSON.stringify(stopAt),
  }
  const applicationName = `killed shred ${process.pid}`
  await killWhereItStops(suite.client, { args: [transpiled.file], env, applicationName })
  const text = 'SELECT id FROM waxseal.shred_receipt ORDER BY started_at DESC LIMIT 1'
  return (await suite.client.query(text)).rows[0].id
}
