import { setImmediate } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { LimitingProvider } from '../../../src/kms/limiting-provider.js'
import { FaultyProvider, faults, ManualClock } from '../../../src/testing/index.js'

const CONTEXT = { tenant: 't1' }
const REPLY_MS = 10

function slow(maxInFlight?: number) {
  const clock = new ManualClock(new Date(0))
  const inner = new FaultyProvider({ clock })
  inner.faults.inject(faults.slow(REPLY_MS))
  const provider = new LimitingProvider(inner, maxInFlight === undefined ? {} : { maxInFlight })
  return { clock, inner, provider }
}

test('so many calls are on their way at a time, and the others wait in the order in which they came', async () => {
  const { clock, inner, provider } = slow(2)
  const order: number[] = []
  const calls = [0, 1, 2, 3, 4].map((n) => provider.currentKek(CONTEXT).then(() => order.push(n)))
  await clock.advance(3 * REPLY_MS)
  await Promise.all(calls)
  expect(inner.calls.map(({ at }) => at)).toEqual([0, 0, REPLY_MS, REPLY_MS, 2 * REPLY_MS])
  expect(order).toEqual([0, 1, 2, 3, 4])
})

test('128 of them, unless it is told otherwise', async () => {
  const { clock, inner, provider } = slow()
  const calls = Array.from({ length: 129 }, () => provider.currentKek(CONTEXT))
  await clock.advance(0)
  expect(inner.calls).toHaveLength(128)
  await clock.advance(2 * REPLY_MS)
  await Promise.all(calls)
})

test('each of the five operations takes a place, and a failed one gives it back', async () => {
  const inner = new FaultyProvider()
  const { dataKey, wrapped } = await inner.generateDataKey(CONTEXT)
  const provider = new LimitingProvider(inner, { maxInFlight: 1 })
  const uses = [
    () => provider.currentKek(CONTEXT),
    () => provider.generateDataKey(CONTEXT),
    () => provider.wrap(dataKey, CONTEXT),
    () => provider.unwrap(wrapped, CONTEXT),
    () => provider.rewrap(wrapped, CONTEXT),
  ]
  for (const use of uses) {
    inner.faults.inject(faults.hang(), { times: 1 })
    const controller = new AbortController()
    const hanging = provider.currentKek(CONTEXT, { signal: controller.signal })
    const before = inner.calls.length
    const waiting = use()
    await setImmediate()
    expect(inner.calls).toHaveLength(before)
    controller.abort('given up')
    await expect(hanging).rejects.toBe('given up')
    await waiting
  }
})

test('a call that is aborted while it waits leaves the queue, and nothing is sent for it', async () => {
  const { clock, inner, provider } = slow(1)
  const first = provider.currentKek(CONTEXT)
  const controller = new AbortController()
  const second = provider.currentKek(CONTEXT, { signal: controller.signal })
  const third = provider.currentKek(CONTEXT)
  const refused = expect(second).rejects.toBe('no longer wanted')
  controller.abort('no longer wanted')
  await refused
  await clock.advance(2 * REPLY_MS)
  await Promise.all([first, third])
  expect(inner.calls).toHaveLength(2)
})

test('one that is aborted before takes no place', async () => {
  const { provider, inner } = slow(1)
  await expect(provider.currentKek(CONTEXT, { signal: AbortSignal.abort('before') })).rejects.toBe('before')
  expect(inner.calls).toHaveLength(0)
})

test('whatever fails or is aborted, no more are on their way and none is forgotten', async () => {
  const step = fc.record({ fails: fc.boolean(), aborts: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 12 }), async (maxInFlight, steps) => {
      let [inFlight, most] = [0, 0]
      const inner = new FaultyProvider()
      const counted = Object.assign(Object.create(inner), {
        async currentKek(context: typeof CONTEXT) {
          most = Math.max(most, ++inFlight)
          await setImmediate()
          inFlight--
          if (context.tenant === 'fails') throw new Error('failed')
          return inner.currentKek(context)
        },
      })
      const provider = new LimitingProvider(counted, { maxInFlight })
      const calls = steps.map(async ({ fails, aborts }) => {
        const controller = new AbortController()
        const call = provider.currentKek({ tenant: fails ? 'fails' : 't1' }, { signal: controller.signal })
        if (aborts) controller.abort('aborted')
        return call
      })
      const settled = await Promise.allSettled([...calls, provider.currentKek(CONTEXT)])
      expect(settled.at(-1)!.status).toBe('fulfilled')
      expect(most).toBeLessThanOrEqual(maxInFlight)
      expect(inFlight).toBe(0)
    }),
    { numRuns: 50 },
  )
})
