import { expect, test } from '@jest/globals'
import { SCENARIOS, tableOf, tallyOf } from '../audit/reconciliation/scenarios.js'

/** A call each second of a day in `npm run test:scale`. */
const CALLS = process.env.WAXSEAL_SCALE_ROWS === undefined ? 3_000 : 86_400

const tallies = SCENARIOS.map((scenario) => [scenario.name, tallyOf(scenario, 1, CALLS)] as const)
process.stdout.write(`${tableOf(tallies)}\n`)

const hidden = tallies.filter(([name]) => name.includes('500 outside calls'))
const identified = tallies.filter(([name]) => /^(AWS|Azure)/.test(name) && !name.includes('500 outside calls'))

test.each(identified)('%s: every outside call is found, and none of ours is taken for one', (_, tally) => {
  expect(tally).toMatchObject({
    caught: tally.outside,
    falselyUnaccounted: 0,
    falselyMissing: 0,
    lostFound: tally.lost,
  })
})

test.each(hidden)('%s: those that hide behind a timeout of ours are few', (_, tally) => {
  expect(tally.caught).toBeGreaterThanOrEqual(tally.outside - 5)
  expect(tally.falselyUnaccounted).toBeLessThanOrEqual(tally.outside - tally.caught)
})

test.each(tallies.filter(([name]) => /^GCP/.test(name)))('%s: what is counted is exact, within a few', (_, tally) => {
  expect(tally.caught).toBeGreaterThanOrEqual(tally.outside * 0.9)
  expect(tally.falselyUnaccounted).toBeLessThanOrEqual(tally.outside - tally.caught)
})

test('without the rule for unanswered requests each of those that arrived is a false alarm', () => {
  const tally = tallyOf(SCENARIOS[1]!, 1, CALLS, false)
  process.stdout.write(`without R4: ${tally.falselyUnaccounted} falsely unaccounted\n`)
  expect(tally.caught).toBe(50)
  expect(tally.falselyUnaccounted).toBeGreaterThan(5)
})
