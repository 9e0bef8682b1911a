import { expect, jest, test } from '@jest/globals'
import { ConfigurationError } from '../../../src/errors.js'
import type { EncryptionContext } from '../../../src/kms/context.js'
import { DataKey } from '../../../src/kms/data-key.js'
import type { KmsProvider } from '../../../src/kms/provider.js'
import { RetryingProvider, type RetryOptions } from '../../../src/kms/retrying-provider.js'
import { type Fault, FaultyProvider, faults, ManualClock } from '../../../src/testing/index.js'

const CONTEXT: EncryptionContext = { tenant: 't1' }
const ALMOST_ONE = 1 - Number.EPSILON

/** Ignores its signal, so that nobody but the retry can stop an attempt. */
function deaf(inner: FaultyProvider): KmsProvider {
  return Object.assign(Object.create(inner), { currentKek: (context: EncryptionContext) => inner.currentKek(context) })
}

/** When each attempt was made, in milliseconds, and how it ended. */
async function attemptsOf(
  options: RetryOptions,
  fault: Fault,
  { times = Number.POSITIVE_INFINITY, deadline = Number.POSITIVE_INFINITY } = {},
) {
  const clock = new ManualClock(new Date(0))
  const inner = new FaultyProvider({ clock })
  inner.faults.inject(fault, { times })
  const ended = new RetryingProvider(inner, { ...options, clock }).currentKek(CONTEXT, { deadline }).then(
    () => ({ outcome: 'succeeded', endedAt: clock.now() }),
    (error: { code: string }) => ({ outcome: error.code, endedAt: clock.now() }),
  )
  await clock.advance(1_000_000)
  expect(clock.pendingTimers).toBe(0)
  return { at: inner.calls.map(({ at }) => at), ...(await ended) }
}

test('a retryable failure is tried again until it succeeds', async () => {
  const { at, outcome } = await attemptsOf({ retries: 5, random: () => 0 }, faults.throttle(), { times: 3 })
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
  expect(none.at).toEqual([0, 0, 0, 0, 0])
  const half = await attemptsOf({ ...options, random: () => 0.5 }, faults.throttle())
  expect(half.at).toEqual([0, 50, 150, 325, 500])
  const most = await attemptsOf({ ...options, random: () => ALMOST_ONE }, faults.throttle())
  expect(most.at).toEqual([0, 99, 298, 647, 996])
})

test('each pause draws anew', async () => {
  const drawn = [0.1, 0.9]
  const { at } = await attemptsOf({ retries: 2, initialDelayMs: 100, random: () => drawn.shift()! }, faults.throttle())
  expect(at).toEqual([0, 10, 190])
})

test('a pause is never shorter than what the KMS asks for', async () => {
  const { at } = await attemptsOf({ retries: 1, maxDelayMs: 2_000, random: () => 0.5 }, faults.throttle(1_500))
  expect(at).toEqual([0, 1_500])
})

test('a KMS that asks for more than the longest pause is not asked again, and the caller is told at once', async () => {
  const { at, outcome, endedAt } = await attemptsOf({ retries: 5 }, faults.throttle(2_001))
  expect([at, outcome, endedAt]).toEqual([[0], 'ERR_KMS_UNAVAILABLE', 0])
})

test('a pause that would last until the deadline is not begun', async () => {
  const options = { retries: 5, initialDelayMs: 100, random: () => 0.5 }
  const { at, outcome, endedAt } = await attemptsOf(options, faults.throttle(), { deadline: 150 })
  // The pauses are 50, 100 and so on: the second would end at 150.
  expect([at, outcome, endedAt]).toEqual([[0, 50], 'ERR_KMS_UNAVAILABLE', 50])
})

test('a pause may be longer than what the KMS asks for', async () => {
  const { at } = await attemptsOf({ retries: 1, initialDelayMs: 100, random: () => 0.5 }, faults.throttle(10))
  expect(at).toEqual([0, 50])
})

test('an abort during a pause rejects at once with its reason, and leaves neither timer nor attempt', async () => {
  const clock = new ManualClock()
  const inner = new FaultyProvider({ clock })
  inner.faults.inject(faults.throttle(1_000))
  const controller = new AbortController()
  const call = new RetryingProvider(deaf(inner), { retries: 5, clock }).currentKek(CONTEXT, controller)
  await clock.advance(10)
  expect(clock.pendingTimers).toBe(1)
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(call).rejects.toBe(reason)
  expect(clock.pendingTimers).toBe(0)
  expect(inner.calls).toHaveLength(1)
})

test('an abort before the call makes no attempt', async () => {
  const inner = new FaultyProvider()
  const reason = new Error('enough')
  const call = new RetryingProvider(deaf(inner)).currentKek(CONTEXT, { signal: AbortSignal.abort(reason) })
  await expect(call).rejects.toBe(reason)
  expect(inner.calls).toEqual([])
})

test('a signal is let go of when a pause has ended', async () => {
  const clock = new ManualClock()
  const inner = new FaultyProvider({ clock })
  inner.faults.inject(faults.throttle(), { times: 1 })
  const { signal } = new AbortController()
  const [added, removed] = [jest.spyOn(signal, 'addEventListener'), jest.spyOn(signal, 'removeEventListener')]
  const call = new RetryingProvider(deaf(inner), { clock }).currentKek(CONTEXT, { signal })
  await clock.advance(1_000)
  await call
  expect([added.mock.calls.length, removed.mock.calls.length]).toEqual([1, 1])
})

for (const [name, options] of Object.entries({
  'an unknown option': { attempts: 3 },
  'a number of retries that is none': { retries: Number.NaN },
  'a negative number of retries': { retries: -1 },
  'a fraction of a millisecond': { initialDelayMs: 0.5 },
  'a longest pause without end': { maxDelayMs: Number.POSITIVE_INFINITY },
  'a random number instead of a source of them': { random: 0.5 },
  'a clock that only tells the time': { clock: { now: () => 0 } },
})) {
  test(`${name} is refused`, () => {
    expect(() => new RetryingProvider(new FaultyProvider(), options as RetryOptions)).toThrow(
      expect.objectContaining({
        code: 'ERR_CONFIGURATION',
        message: expect.stringContaining(Object.keys(options)[0]!),
      }),
    )
  })
}

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
    await expect(run(new RetryingProvider(inner, { random: () => 0 }), inner)).resolves.toBeDefined()
    expect(inner.calls.filter((each) => each.operation === operation)).toHaveLength(2)
  })
}

test('it keeps the name of the provider within', () => {
  expect(new RetryingProvider(new FaultyProvider({ name: 'within' })).name).toBe('within')
})
