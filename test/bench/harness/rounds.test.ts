import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Case, measureRounds, shuffled } from './rounds.js'

/** A machine on which time passes only by work. */
function machine() {
  let now = 0
  const costing = (name: string, microseconds: number): Case => ({
    name,
    run(times) {
      now += microseconds * times
    },
  })
  return { costing, stopwatch: () => now }
}

test('each round has the microseconds of one operation', async () => {
  const { costing, stopwatch } = machine()
  const cases = [costing('quick', 2), costing('slow', 6)]
  expect(await measureRounds(cases, { rounds: 3, sliceMs: 1, stopwatch })).toEqual({
    quick: [2, 2, 2],
    slow: [6, 6, 6],
  })
})

test('a case that takes longer than a slice runs once in it', async () => {
  const { costing, stopwatch } = machine()
  expect(await measureRounds([costing('slow', 5_000)], { rounds: 2, sliceMs: 1, stopwatch })).toEqual({
    slow: [5_000, 5_000],
  })
})

test('what happens before a slice is not in it', async () => {
  const { costing, stopwatch } = machine()
  const preparation = costing('preparation', 1_000)
  const beforeSlice = () => preparation.run(1)
  const samples = await measureRounds([costing('quick', 2)], { rounds: 2, sliceMs: 1, stopwatch, beforeSlice })
  expect(samples).toEqual({ quick: [2, 2] })
})

test('every case runs in every round, in changing order', async () => {
  const { costing, stopwatch } = machine()
  const order: string[] = []
  const recorded = (name: string): Case => ({
    name,
    run(times) {
      order.push(name)
      return costing(name, 1_000).run(times)
    },
  })
  await measureRounds(['a', 'b', 'c'].map(recorded), { rounds: 40, sliceMs: 1, stopwatch })
  const measured = order.slice(-3 * 40)
  const rounds = Array.from({ length: 40 }, (_, round) => measured.slice(round * 3, round * 3 + 3))
  for (const round of rounds) expect([...round].sort()).toEqual(['a', 'b', 'c'])
  expect(new Set(rounds.map((round) => round.join(''))).size).toBeGreaterThan(1)
})

test('shuffling keeps all and changes nothing of what it was given', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (list) => {
      const before = [...list]
      expect(shuffled(list).sort((a, b) => a - b)).toEqual(before.sort((a, b) => a - b))
    }),
  )
  expect(shuffled([1, 2, 3], () => 0)).toEqual([2, 3, 1])
  expect(shuffled([1, 2, 3], () => 0.99)).toEqual([1, 2, 3])
})
