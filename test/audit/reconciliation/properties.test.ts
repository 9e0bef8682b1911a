import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { reconcile } from '../../../src/audit/reconciliation/reconcile.js'
import { BY_COUNT, BY_REQUEST_ID, BY_TOKEN, input } from './records.js'
import { KEYS, simulatedDay } from './simulated-day.js'

const workloads = fc.record({
  seed: fc.integer(),
  calls: fc.integer({ min: 0, max: 80 }),
  tokens: fc.boolean(),
  lost: fc.constantFrom(0, 0.1),
  wholeSeconds: fc.boolean(),
  outside: fc.integer({ min: 0, max: 10 }),
  ownIdentity: fc.constantFrom(0, 0.5, 1),
})
const trails = fc.constantFrom(BY_REQUEST_ID, BY_TOKEN, BY_COUNT)

test('case 50: a request has at most one event, an event at most one request, and nothing stays undecided', () => {
  fc.assert(
    fc.property(workloads, trails, fc.integer(), (workload, trail, order) => {
      const day = simulatedDay({ ...workload, requestIds: trail === BY_REQUEST_ID })
      const given = input({ trail, events: day.events, attempts: day.attempts, keks: new Set(KEYS) })
      const { events, attempts, links } = reconcile(given)
      expect(events.size).toBe(day.events.length)
      expect(attempts.size).toBe(day.attempts.length)
      expect(new Set(links.values()).size).toBe(links.size)
      const accounted = [...events.values()].filter(({ state }) => state === 'accounted')
      expect(accounted).toHaveLength(links.size)
      // What is left over is the events less the requests that account for one.
      const unaccounted = [...events.values()].filter(({ state }) => state === 'unaccounted')
      expect(unaccounted).toHaveLength(day.events.length - links.size)
      // The same records in another order give the same states.
      const shuffled = reconcile({
        ...given,
        events: rotated(day.events, order),
        attempts: rotated(day.attempts, order),
      })
      for (const [event, decision] of events) expect(shuffled.events.get(event)).toEqual(decision)
      for (const [attempt, decision] of attempts) expect(shuffled.attempts.get(attempt)).toEqual(decision)
    }),
  )
})

function rotated<T>(list: readonly T[], by: number): T[] {
  const at = list.length === 0 ? 0 : Math.abs(by) % list.length
  return [...list.slice(at), ...list.slice(0, at)]
}
