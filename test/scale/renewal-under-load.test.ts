import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Accounts } from './accounts.js'
import { scale } from './setting.js'
import { UnderLoad, untouchedOf } from './under-load.js'

/** One that opens the old data key, one that makes the new one, one that proves it. */
const CALLS_PER_ROW = 3
const MINUTES = 60_000

let load: UnderLoad
beforeAll(async () => {
  load = await UnderLoad.create()
})
afterAll(() => load.remove())

test(
  `${scale.rows} rows get new data keys while four writers write and a worker is killed again and again: nothing is lost, and a writer retries at most`,
  async () => {
    const { accounts } = load
    const seeded = await accounts.seed(scale.rows)
    const untouched = untouchedOf(seeded)
    const before = await envelopesOf(accounts, untouched)

    const { kills, reports, expected } = await load.run('renew', CALLS_PER_ROW, seeded)
    expect(kills).toBeGreaterThanOrEqual(scale.kills)
    expect(reports.flatMap(({ errors }) => errors)).toEqual([])
    expect(reports.every(({ writes }) => writes > 0)).toBe(true)
    expect(await load.wrong(expected)).toEqual([])
    const after = await envelopesOf(accounts, untouched)
    expect([...after].filter(([id, envelope]) => before.get(id) === envelope)).toEqual([])
    expect((await accounts.database.client.query('SELECT FROM waxseal.run_failure')).rows).toEqual([])
  },
  20 * MINUTES,
)

async function envelopesOf({ database, name, table }: Accounts, ids: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await database.client.query(
    `SELECT id::text, "${table.metadata}" ->> 'id' AS envelope FROM ${name} WHERE id = ANY ($1::uuid[])`,
    [ids],
  )
  return new Map(rows.map(({ id, envelope }) => [id, envelope]))
}
