import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { coverageOf } from '../../../src/audit/mirror/coverage.js'
import { registerSource } from '../../../src/audit/mirror/trail-source.js'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'

let database: FreshDatabase
beforeAll(async () => {
  database = await databaseWithSchema()
})
afterAll(() => database.drop())

/** Minutes past noon. */
const at = (minute: number) => new Date(Date.UTC(2026, 2, 1, 12, minute))
const shown = (windows: readonly { readonly from: Date; readonly to: Date }[]) =>
  windows.map(({ from, to }) => [from, to].map((date) => (date.getTime() - at(0).getTime()) / 60_000))

async function sourceWith(
  name: string,
  windows: readonly (readonly [from: number, to: number, scanned: number, complete?: boolean])[],
) {
  const { id } = await registerSource(database.client, { provider: 'vault', scope: 'a', name })
  for (const [from, to, scanned, complete = true] of windows) {
    await database.client.query(
      'INSERT INTO waxseal.trail_coverage (source, covers, scanned_at, complete) VALUES ($1, tstzrange($2, $3), $4, $5)',
      [id, at(from), at(to), at(scanned), complete],
    )
  }
  return id
}

test('windows that touch or overlap are one; what lies between, before and behind is a gap', async () => {
  const source = await sourceWith('one', [
    [10, 20, 60],
    [20, 25, 60],
    [22, 23, 60],
    [30, 35, 60],
    [50, 70, 80],
  ])
  const { covered, gaps } = await coverageOf(database.client, [source], { from: at(0), to: at(60) })
  expect(shown(covered)).toEqual([
    [10, 25],
    [30, 35],
    [50, 60],
  ])
  expect(shown(gaps)).toEqual([
    [0, 10],
    [25, 30],
    [35, 50],
  ])
})

test('nothing that was read is all a gap, and so is what was not complete', async () => {
  const source = await sourceWith('two', [[0, 60, 60, false]])
  const { covered, gaps } = await coverageOf(database.client, [source], { from: at(0), to: at(60) })
  expect([covered, shown(gaps)]).toEqual([[], [[0, 60]]])
})

test('what was read before its events can have arrived covers nothing', async () => {
  const source = await sourceWith('three', [
    [0, 30, 30],
    [0, 10, 45],
  ])
  const { covered } = await coverageOf(database.client, [source], {
    from: at(0),
    to: at(60),
    settledAfterMs: 25 * 60_000,
  })
  expect(shown(covered)).toEqual([[0, 10]])
})

test('what one source missed, another may have', async () => {
  const sources = [await sourceWith('four', [[0, 20, 60]]), await sourceWith('five', [[20, 60, 60]])]
  expect((await coverageOf(database.client, sources, { from: at(0), to: at(60) })).gaps).toEqual([])
})
