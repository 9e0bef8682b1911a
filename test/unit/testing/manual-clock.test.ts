import { expect, test } from '@jest/globals'
import { ManualClock } from '../../../src/testing/manual-clock.js'

test('time stands still until it is moved', async () => {
  const clock = new ManualClock(new Date(1_000))
  expect(clock.now()).toBe(1_000)
  await clock.advance(50)
  expect(clock.now()).toBe(1_050)
})

test('timers run when due, in the order of their due times, each at its own', async () => {
  const clock = new ManualClock(new Date(0))
  const ran: [string, number][] = []
  for (const [name, ms] of [
    ['c', 30],
    ['a', 10],
    ['b', 20],
    ['b2', 20],
    ['late', 31],
  ] as const) {
    clock.after(ms, () => ran.push([name, clock.now()]))
  }
  await clock.advance(30)
  expect(ran).toEqual([
    ['a', 10],
    ['b', 20],
    ['b2', 20],
    ['c', 30],
  ])
  expect([clock.now(), clock.pendingTimers]).toEqual([30, 1])
  await clock.advance(1)
  expect(ran.at(-1)).toEqual(['late', 31])
})

test('timers that promises start meanwhile run too', async () => {
  const clock = new ManualClock(new Date(0))
  const ran: number[] = []
  const sleep = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve))
  const done = (async () => {
    for (let i = 0; i < 3; i++) {
      await sleep(10)
      ran.push(clock.now())
    }
  })()
  await clock.advance(100)
  await done
  expect(ran).toEqual([10, 20, 30])
})

test('a cancelled timer does not run', async () => {
  const clock = new ManualClock()
  const cancel = clock.after(10, () => expect('a cancelled timer').toBe('silent'))
  expect(clock.pendingTimers).toBe(1)
  cancel()
  cancel()
  expect(clock.pendingTimers).toBe(0)
  await clock.advance(100)
})
