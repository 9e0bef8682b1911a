import { expect, test } from '@jest/globals'
import { paceOf, UNPACED } from '../../../src/adoption/pace.js'
import { ManualClock } from '../../../src/testing/index.js'

const signal = new AbortController().signal

/** Whether a promise has been settled by now. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let done = false
  promise.then(
    () => {
      done = true
    },
    () => undefined,
  )
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  return done
}

test('a batch waits until the time of those before it is over', async () => {
  const clock = new ManualClock()
  const pace = paceOf(100, clock)
  await pace(200, signal)
  const second = pace(100, signal)
  await clock.advance(1_999)
  expect(await isDone(second)).toBe(false)
  await clock.advance(1)
  expect(await isDone(second)).toBe(true)
})

test('time that was not used is not made up for', async () => {
  const clock = new ManualClock()
  const pace = paceOf(100, clock)
  await clock.advance(60_000)
  await pace(100, signal)
  expect(await isDone(pace(100, signal))).toBe(false)
})

test('nothing waits at no pace, nor after the signal', async () => {
  await UNPACED(1_000_000, signal)
  await UNPACED(1_000_000, signal)
  const controller = new AbortController()
  const pace = paceOf(1, new ManualClock())
  await pace(100, controller.signal)
  const waiting = pace(1, controller.signal)
  controller.abort(new Error('stopped'))
  await expect(waiting).rejects.toThrow('stopped')
})
