import { expect, test } from '@jest/globals'
import { SCENARIOS, tableOf, tallyOf } from './scenarios.js'

/** `npm run test:scale` has a call each second of the day. */
const CALLS = 3_000

const tallies = SCENARIOS.map((scenario) => [scenario.name, tallyOf(scenario, 1, CALLS)] as const)
const identified = tallies.filter(([name]) => /^(AWS|Azure)/.test(name))

test.each(identified)('%s: every outside call is found, and none of ours is taken for one', (_, tally) => {
  expect(tally).toMatchObject({
    caught: tally.outside,
    falselyUnaccounted: 0,
    falselyMissing: 0,
    lostFound: tally.lost,
  })
})

test.each(tallies.filter(([name]) => /^GCP/.test(name)))('%s: figures as they are', (_, tally) => {
  // What is counted is exact, which event of a bucket is the one too many is not.
  expect(tally.caught).toBeGreaterThanOrEqual(tally.outside * 0.9)
  expect(tally.falselyUnaccounted).toBeLessThanOrEqual(tally.outside - tally.caught)
  process.stdout.write(
    `${tableOf([[_, tally]])
      .split('\n')
      .at(-1)}\n`,
  )
})

test('without the rule for unanswered requests each of those that arrived is a false alarm', () => {
  const tally = tallyOf(SCENARIOS[1]!, 1, CALLS, false)
  expect(tally.caught).toBe(50)
  expect(tally.falselyUnaccounted).toBeGreaterThan(5)
})
