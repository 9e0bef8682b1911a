import { expect, jest, test } from '@jest/globals'
import { systemClock } from '../../../src/kms/clock.js'
import type { EncryptionContext } from '../../../src/kms/context.js'
import { DataKey } from '../../../src/kms/data-key.js'
import { withDeadline } from '../../../src/kms/deadline.js'
import { DeadlineProvider } from '../../../src/kms/deadline-provider.js'
import type { CallOptions, KmsProvider, WrappedDataKey } from '../../../src/kms/provider.js'
import { FaultyProvider, faults, ManualClock } from '../../../src/testing/index.js'

const CONTEXT: EncryptionContext = { tenant: 't1' }
const TIMEOUT = { code: 'ERR_KMS_UNAVAILABLE', reason: 'timeout', retryable: true }

function limited(timeoutMs?: number) {
  const clock = new ManualClock()
  const inner = new FaultyProvider({ clock })
  const options = timeoutMs === undefined ? { clock } : { clock, timeoutMs }
  return { clock, inner, provider: new DeadlineProvider(inner, options) }
}

/** Whether `call` has settled, asked without waiting for it. */
function watch(call: Promise<unknown>): { settled: boolean } {
  const state = { settled: false }
  const settle = () => {
    state.settled = true
  }
  call.then(settle, settle)
  return state
}

const OPERATIONS: Readonly<
  Record<string, (provider: KmsProvider, wrapped: WrappedDataKey, options?: CallOptions) => Promise<unknown>>
> = {
  currentKek: (provider, _wrapped, options) => provider.currentKek(CONTEXT, options),
  generateDataKey: (provider, _wrapped, options) => provider.generateDataKey(CONTEXT, options),
  wrap: (provider, _wrapped, options) => provider.wrap(DataKey.generate(), CONTEXT, options),
  unwrap: (provider, wrapped, options) => provider.unwrap(wrapped, CONTEXT, options),
  rewrap: (provider, wrapped, options) => provider.rewrap(wrapped, CONTEXT, options),
}

for (const [operation, run] of Object.entries(OPERATIONS)) {
  for (const deaf of [false, true]) {
    test(`${operation} that gets no answer ends at its deadline${deaf ? ', though it ignores its signal' : ''}`, async () => {
      const { clock, inner, provider } = limited(1_000)
      const { wrapped } = await inner.generateDataKey(CONTEXT)
      inner.faults.inject(faults.hang({ deaf }))
      const call = run(provider, wrapped)
      const state = watch(call)
      await clock.advance(999)
      expect(state.settled).toBe(false)
      await clock.advance(1)
      await expect(call).rejects.toMatchObject(TIMEOUT)
      expect(clock.pendingTimers).toBe(0)
    })
  }

  test(`${operation} passes its answer on and leaves no timer behind`, async () => {
    const { clock, inner, provider } = limited()
    const { wrapped } = await inner.generateDataKey(CONTEXT)
    await expect(run(provider, wrapped)).resolves.toBeDefined()
    await clock.advance(0)
    expect(clock.pendingTimers).toBe(0)
  })
}

test('a call without a deadline of its own gets five seconds unless said otherwise', async () => {
  const { clock, inner, provider } = limited()
  inner.faults.inject(faults.hang())
  const call = provider.currentKek(CONTEXT)
  const state = watch(call)
  await clock.advance(4_999)
  expect(state.settled).toBe(false)
  await clock.advance(1)
  await expect(call).rejects.toMatchObject(TIMEOUT)
})

test('the deadline of the caller counts, earlier or later than the default', async () => {
  for (const ms of [10, 60_000]) {
    const { clock, inner, provider } = limited(1_000)
    inner.faults.inject(faults.hang())
    const call = provider.currentKek(CONTEXT, { deadline: clock.now() + ms })
    const state = watch(call)
    await clock.advance(ms - 1)
    expect(state.settled).toBe(false)
    await clock.advance(1)
    await expect(call).rejects.toMatchObject(TIMEOUT)
  }
})

test('a deadline that has passed already makes no call', async () => {
  const { clock, inner, provider } = limited()
  for (const deadline of [clock.now(), clock.now() - 1]) {
    await expect(provider.currentKek(CONTEXT, { deadline })).rejects.toMatchObject(TIMEOUT)
  }
  expect(inner.calls).toEqual([])
})

test('an answer just before the deadline is an answer', async () => {
  const { clock, inner, provider } = limited(1_000)
  inner.faults.inject(faults.slow(999))
  const call = provider.currentKek(CONTEXT)
  await clock.advance(1_000)
  await expect(call).resolves.toBeDefined()
  expect(clock.pendingTimers).toBe(0)
})

test('an answer after the deadline is none, and harms nobody', async () => {
  const { clock, inner, provider } = limited(1_000)
  inner.faults.inject({
    // Slow and deaf to its signal.
    async transport(call, send) {
      await new Promise<void>((resolve) => call.clock.after(2_000, resolve))
      return send(call.options)
    },
  })
  const call = provider.currentKek(CONTEXT)
  const refused = expect(call).rejects.toMatchObject(TIMEOUT)
  await clock.advance(5_000)
  await refused
})

for (const deaf of [false, true]) {
  test(`an abort by the caller rejects with his reason${deaf ? ', though the call ignores its signal' : ''}`, async () => {
    const { clock, inner, provider } = limited()
    inner.faults.inject(faults.hang({ deaf }))
    const controller = new AbortController()
    const call = provider.currentKek(CONTEXT, { signal: controller.signal })
    await clock.advance(1)
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(call).rejects.toBe(reason)
    expect(clock.pendingTimers).toBe(0)
  })
}

test('a signal that is aborted already makes no call', async () => {
  const { inner, provider } = limited()
  const reason = new Error('enough')
  await expect(provider.currentKek(CONTEXT, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect(inner.calls).toEqual([])
})

test('the call within learns that its time is up from its signal', async () => {
  const clock = new ManualClock()
  let reason: unknown
  const call = withDeadline('test', { deadline: clock.now() + 100 }, clock, ({ signal }) => {
    signal.addEventListener('abort', () => {
      reason = signal.reason
    })
    return new Promise(() => undefined)
  })
  const refused = expect(call).rejects.toMatchObject(TIMEOUT)
  await clock.advance(100)
  await refused
  expect(reason).toMatchObject(TIMEOUT)
})

test('a signal that outlives the call is let go of, however the call ends', async () => {
  for (const fault of [undefined, faults.deny(), faults.hang({ deaf: true })]) {
    const { clock, inner, provider } = limited(100)
    if (fault) inner.faults.inject(fault)
    const { signal } = new AbortController()
    const [added, removed] = [jest.spyOn(signal, 'addEventListener'), jest.spyOn(signal, 'removeEventListener')]
    const settled = Promise.allSettled([provider.currentKek(CONTEXT, { signal })])
    await clock.advance(100)
    await settled
    expect(added).toHaveBeenCalledTimes(1)
    expect(removed).toHaveBeenCalledWith('abort', added.mock.calls[0]![1])
  }
})

test('a call that throws instead of rejecting leaves no timer behind', async () => {
  const clock = new ManualClock()
  const failure = new Error('thrown')
  const call = withDeadline('test', { deadline: clock.now() + 100 }, clock, () => {
    throw failure
  })
  await expect(call).rejects.toBe(failure)
  expect(clock.pendingTimers).toBe(0)
})

test('the provider within gets the deadline and the other options', async () => {
  const { clock, inner, provider } = limited(1_000)
  let seen: CallOptions = {}
  inner.faults.inject({
    transport(call, send) {
      seen = call.options
      return send(call.options)
    },
  })
  await provider.currentKek(CONTEXT, { callToken: 'token' })
  expect(seen).toMatchObject({ callToken: 'token', deadline: clock.now() + 1_000 })
})

test('it keeps the name of the provider within', () => {
  expect(new DeadlineProvider(new FaultyProvider({ name: 'within' })).name).toBe('within')
})

test('a deadline beyond the longest timer of the runtime does not end at once', () => {
  jest.useFakeTimers()
  try {
    const run = jest.fn()
    const cancel = systemClock.after(Number.POSITIVE_INFINITY, run)
    jest.advanceTimersByTime(1_000_000)
    expect(run).not.toHaveBeenCalled()
    cancel()
    expect(jest.getTimerCount()).toBe(0)
  } finally {
    jest.useRealTimers()
  }
})

for (const [name, options] of Object.entries({
  'an unknown option': { timeout: 3 },
  'no time at all': { timeoutMs: 0 },
  'a time that is no number': { timeoutMs: Number.NaN },
  'a clock that only tells the time': { clock: { now: () => 0 } },
})) {
  test(`${name} is refused`, () => {
    expect(() => new DeadlineProvider(new FaultyProvider(), options as object)).toThrow(
      expect.objectContaining({
        code: 'ERR_CONFIGURATION',
        message: expect.stringContaining(Object.keys(options)[0]!),
      }),
    )
  })
}
