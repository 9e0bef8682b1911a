import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { ConfigurationError } from '../../../src/errors.js'
import type { EncryptionContext } from '../../../src/kms/context.js'
import { DataKey } from '../../../src/kms/data-key.js'
import type { KmsProvider } from '../../../src/kms/provider.js'
import { RetryingProvider, type RetryOptions } from '../../../src/kms/retrying-provider.js'
import { type Fault, FaultyProvider, faults } from '../../../src/testing/index.js'

const CONTEXT: EncryptionContext = { tenant: 't1' }
const ALMOST_ONE = 1 - Number.EPSILON

beforeEach(() => {
  jest.useFakeTimers({ now: 0, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] })
})
afterEach(() => {
  jest.useRealTimers()
})

/** Ignores its signal, so that nobody but the retry can stop an attempt. */
function deaf(inner: FaultyProvider): KmsProvider {
  return Object.assign(Object.create(inner), { currentKek: (context: EncryptionContext) => inner.currentKek(context) })
}

/** When each attempt was made, in milliseconds, and how it ended. */
async function attemptsOf(options: RetryOptions, fault: Fault, times = Number.POSITIVE_INFINITY) {
  const inner = new FaultyProvider()
  inner.faults.inject(fault, { times })
  const ended = new RetryingProvider(inner, options).currentKek(CONTEXT).then(
    () => 'succeeded',
    (error: { code: string }) => error.code,
  )
  await jest.advanceTimersByTimeAsync(1_000_000)
  return { at: inner.calls.map(({ at }) => at), outcome: await ended }
}

test('a retryable failure is tried again until it succeeds', async () => {
  const { at, outcome } = await attemptsOf({ retries: 5, random: () => 0 }, faults.throttle(), 3)
  expect([at.length, outcome]).toEqual([4, 'succeeded'])
})

for (const retries of [0, 1, 2, 5]) {
  test(`with ${retries} retries there are ${retries + 1} attempts, and the last failure is the caller's`, async () => {
    const { at, outcome } = await attemptsOf({ retries }, faults.failWithServerError())
    expect([at.length, outcome]).toEqual([retries + 1, 'ERR_KMS_UNAVAILABLE'])
  })
}

test('there are three attempts unless said otherwise', async () => {
  expect((await attemptsOf({}, faults.throttle())).at).toHaveLength(3)
})

test('what is not retryable is tried once', async () => {
  const { at, outcome } = await attemptsOf({ retries: 5 }, faults.deny())
  expect([at.length, outcome]).toEqual([1, 'ERR_KMS_ACCESS_DENIED'])
})

for (const [name, error] of [
  ['an error that is none of ours, whatever it claims,', Object.assign(new Error('not ours'), { retryable: true })],
  ['a configuration error', new ConfigurationError('wrong')],
] as const) {
  test(`${name} is not retried`, async () => {
    const fault = faults.precededBy(() => {
      throw error
    })
    expect((await attemptsOf({ retries: 5 }, fault)).at).toHaveLength(1)
  })
}

test('pauses are of full jitter: from nothing up to a bound that doubles to its limit', async () => {
  const options = { retries: 4, initialDelayMs: 100, maxDelayMs: 350 }
  const none = await attemptsOf({ ...options, random: () => 0 }, faults.throttle())
  // The runtime makes a pause of nothing one of up to a millisecond.
  expect(none.at.every((at, index) => at <= index)).toBe(true)
  expect(none.at).toHaveLength(5)
  jest.setSystemTime(0)
  const half = await attemptsOf({ ...options, random: () => 0.5 }, faults.throttle())
  expect(half.at).toEqual([0, 50, 150, 325, 500])
  jest.setSystemTime(0)
  const most = await attemptsOf({ ...options, random: () => ALMOST_ONE }, faults.throttle())
  expect(most.at).toEqual([0, 99, 298, 647, 996])
})

test('each pause draws anew', async () => {
  const drawn = [0.1, 0.9]
  const { at } = await attemptsOf({ retries: 2, initialDelayMs: 100, random: () => drawn.shift()! }, faults.throttle())
  expect(at).toEqual([0, 10, 190])
})

test('a pause is never shorter than what the KMS asks for', async () => {
  const { at } = await attemptsOf({ retries: 1, maxDelayMs: 100, random: () => ALMOST_ONE }, faults.throttle(3_000))
  expect(at).toEqual([0, 3_000])
})

test('a pause may be longer than what the KMS asks for', async () => {
  const { at } = await attemptsOf({ retries: 1, initialDelayMs: 100, random: () => 0.5 }, faults.throttle(10))
  expect(at).toEqual([0, 50])
})

test('an abort during a pause rejects at once with its reason, and there is no further attempt', async () => {
  const inner = new FaultyProvider()
  inner.faults.inject(faults.throttle(60_000))
  const controller = new AbortController()
  const call = new RetryingProvider(deaf(inner), { retries: 5 }).currentKek(CONTEXT, { signal: controller.signal })
  await jest.advanceTimersByTimeAsync(10)
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(call).rejects.toBe(reason)
  await jest.advanceTimersByTimeAsync(1_000_000)
  expect(inner.calls).toHaveLength(1)
})

test('an abort before the call makes no attempt', async () => {
  const inner = new FaultyProvider()
  const reason = new Error('enough')
  const call = new RetryingProvider(deaf(inner)).currentKek(CONTEXT, { signal: AbortSignal.abort(reason) })
  await expect(call).rejects.toBe(reason)
  expect(inner.calls).toEqual([])
})

test('a signal is let go of when the call has ended', async () => {
  const { signal } = new AbortController()
  const removed = jest.spyOn(signal, 'removeEventListener')
  await new RetryingProvider(new FaultyProvider()).currentKek(CONTEXT, { signal })
  await jest.advanceTimersByTimeAsync(0)
  expect(removed).toHaveBeenCalledTimes(1)
})

const OPERATIONS: Readonly<Record<string, (provider: KmsProvider, inner: FaultyProvider) => Promise<unknown>>> = {
  currentKek: (provider) => provider.currentKek(CONTEXT),
  generateDataKey: (provider) => provider.generateDataKey(CONTEXT),
  wrap: (provider) => provider.wrap(DataKey.generate(), CONTEXT),
  unwrap: async (provider, inner) => provider.unwrap((await inner.generateDataKey(CONTEXT)).wrapped, CONTEXT),
  rewrap: async (provider, inner) => provider.rewrap((await inner.generateDataKey(CONTEXT)).wrapped, CONTEXT),
}

for (const [operation, run] of Object.entries(OPERATIONS)) {
  test(`${operation} is retried`, async () => {
    const inner = new FaultyProvider()
    inner.faults.inject(faults.throttle(), { operation: operation as 'wrap', times: 1 })
    const call = run(new RetryingProvider(inner, { random: () => 0 }), inner)
    await jest.advanceTimersByTimeAsync(10)
    await expect(call).resolves.toBeDefined()
    expect(inner.calls.filter((each) => each.operation === operation)).toHaveLength(2)
  })
}

test('it keeps the name of the provider within', () => {
  expect(new RetryingProvider(new FaultyProvider({ name: 'within' })).name).toBe('within')
})
