import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Accounts } from './accounts.js'
import { scale } from './setting.js'
import { UnderLoad, untouchedOf } from './under-load.js'

/** Calls to the KMS that a rewrapped row takes: one that wraps, one that proves it. */
const CALLS_PER_ROW = 2
const MINUTES = 60_000

let load: UnderLoad
beforeAll(async () => {
  load = await UnderLoad.create()
})
afterAll(() => load.remove())

test(
  `${scale.rows} rows rotate while four writers write and a worker is killed again and again: nothing is lost, and each row is moved once`,
  async () => {
    const { accounts } = load
    const seeded = await accounts.seed(scale.rows)
    const untouched = untouchedOf(seeded)
    const before = await accounts.fieldDigest(untouched)
    await recordRewraps(accounts)

    const { kills, reports, expected } = await load.run('rotate', CALLS_PER_ROW, seeded)
    expect(kills).toBeGreaterThanOrEqual(scale.kills)
    expect(reports.map(({ errors, retries }) => ({ errors, retries }))).toEqual(
      reports.map(() => ({ errors: [], retries: 0 })),
    )
    expect(reports.every(({ writes }) => writes > 0)).toBe(true)
    expect(await accounts.fieldDigest(untouched)).toBe(before)
    expect(await accounts.count(`"${accounts.table.metadata}" #>> '{wraps,0,kek,version}' NOT LIKE '2-%'`)).toBe(0)
    expect(await load.wrong(expected)).toEqual([])
    await expectCounts(accounts, untouched.length)
  },
  20 * MINUTES,
)

/** A trigger of the test's own notes each wrap that rose, whoever raised it. */
async function recordRewraps({ database, name, table }: Accounts): Promise<void> {
  const { client } = database
  await client.query('CREATE TABLE rewrapped (id uuid NOT NULL)')
  await client.query(
    `CREATE FUNCTION note_rewrap() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN INSERT INTO rewrapped VALUES (NEW.id); RETURN NULL; END'`,
  )
  await client.query(
    `CREATE TRIGGER note_rewrap AFTER UPDATE ON ${name} FOR EACH ROW
      WHEN (OLD."${table.metadata}" -> 'wrap' < NEW."${table.metadata}" -> 'wrap')
      EXECUTE FUNCTION note_rewrap()`,
  )
}

/** What the runs have counted is what the trigger has noted, whatever was killed. */
async function expectCounts({ database: { client } }: Accounts, untouched: number): Promise<void> {
  const noted = await client.query('SELECT count(*)::int AS rows, count(DISTINCT id)::int AS different FROM rewrapped')
  const counted = await client.query(
    `SELECT name, sum(rows)::int AS rows FROM waxseal.run_count WHERE name IN ('rewrapped', 'compared') GROUP BY name ORDER BY name`,
  )
  const { rows } = noted.rows[0]
  expect(noted.rows).toEqual([{ rows, different: rows }])
  expect(counted.rows).toEqual([
    { name: 'compared', rows },
    { name: 'rewrapped', rows },
  ])
  expect(rows).toBeGreaterThanOrEqual(untouched)
  expect((await client.query('SELECT FROM waxseal.run_failure')).rows).toEqual([])
}
