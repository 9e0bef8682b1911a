import { setImmediate } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { BackgroundCommit } from '../../../src/audit/application/background-commit.js'
import { ManualClock } from '../../../src/testing/manual-clock.js'

function committing(capacity = 10_000) {
  const clock = new ManualClock()
  const batches: { events: readonly number[]; again: boolean }[] = []
  let failing = false
  const commit = new BackgroundCommit<number>({
    capacity,
    clock,
    store: async (events, again) => {
      batches.push({ events, again })
      if (failing) throw new Error('away')
    },
  })
  const fail = (value: boolean) => {
    failing = value
  }
  return { clock, batches, commit, fail }
}

test('what comes within five milliseconds is stored together, in its order', async () => {
  const { clock, batches, commit } = committing()
  commit.add(1)
  await clock.advance(4)
  commit.add(2)
  expect(batches).toEqual([])
  const stored = commit.stored()
  await clock.advance(1)
  await stored
  expect(batches).toEqual([{ events: [1, 2], again: false }])
  expect(clock.pendingTimers).toBe(0)
})

test('a thousand wait no longer, and never in the turn of who brings the last', async () => {
  const { clock, batches, commit } = committing()
  for (let event = 0; event < 2_500; event++) commit.add(event)
  expect(batches).toEqual([])
  await clock.advance(0)
  await commit.stored()
  expect(batches.map(({ events }) => events.length)).toEqual([1_000, 1_000, 500])
  expect(batches.flatMap(({ events }) => events)).toEqual(Array.from({ length: 2_500 }, (_, event) => event))
})

test('a batch that could not be stored comes again as it was, before anything later, and longer pauses lie in between', async () => {
  const { clock, batches, commit, fail } = committing()
  fail(true)
  commit.add(1)
  await clock.advance(5)
  expect(commit.failure).toMatchObject({ message: 'away' })
  commit.add(2)
  await clock.advance(99)
  expect(batches).toHaveLength(1)
  await clock.advance(1)
  expect(batches).toHaveLength(2)
  fail(false)
  await clock.advance(199)
  expect(batches).toHaveLength(2)
  await clock.advance(1)
  await commit.stored()
  expect(batches).toEqual([
    { events: [1], again: false },
    { events: [1], again: true },
    { events: [1], again: true },
    { events: [2], again: false },
  ])
  expect(commit.failure).toBeUndefined()
})

test('it never holds more than its bound: what is on its way counts until it is stored', async () => {
  const { clock, batches, commit, fail } = committing(2)
  fail(true)
  commit.add(1)
  commit.add(2)
  expect(commit.full).toBe(true)
  expect(() => commit.add(3)).toThrow('full')
  await clock.advance(5)
  expect(commit).toMatchObject({ full: true, pending: 2 })
  let room = false
  const waiting = commit.room().then(() => {
    room = true
  })
  await setImmediate()
  expect(room).toBe(false)
  fail(false)
  await clock.advance(100)
  await waiting
  expect(commit).toMatchObject({ full: false, pending: 0 })
  commit.add(3)
  await clock.advance(5)
  expect(batches.at(-1)).toEqual({ events: [3], again: false })
})

test('closed, it takes nothing and stores what it has; abandoned, it tells who waits', async () => {
  const { clock, commit, fail } = committing()
  fail(true)
  commit.add(1)
  const waiting = expect(commit.stored()).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
  commit.close()
  expect(() => commit.add(2)).toThrow('closed')
  await expect(commit.room()).rejects.toThrow('closed')
  await clock.advance(5)
  commit.abandon()
  await waiting
  expect(clock.pendingTimers).toBe(0)
})
