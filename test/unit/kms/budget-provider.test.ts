import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { CallBudget } from '../../../src/kms/budget.js'
import { BudgetProvider } from '../../../src/kms/budget-provider.js'
import { FaultyProvider, ManualClock } from '../../../src/testing/index.js'

const CONTEXT = { tenant: 't1' }

/** One rate, as `SharedBudget` has it in Postgres. */
class Rate implements CallBudget {
  next = 0
  readonly asked: number[] = []
  readonly #clock: ManualClock
  readonly #intervalMs: number

  constructor(clock: ManualClock, intervalMs: number) {
    this.#clock = clock
    this.#intervalMs = intervalMs
  }

  async reserve(_kek: unknown, calls: number, withinMs: number) {
    this.asked.push(calls)
    const start = Math.max(this.next, this.#clock.now())
    const startsInMs = start - this.#clock.now()
    const granted = Math.min(calls, Math.max(0, Math.floor((withinMs - startsInMs) / this.#intervalMs) + 1))
    this.next = start + granted * this.#intervalMs
    return { granted, startsInMs, intervalMs: this.#intervalMs }
  }
}

function budgeted(intervalMs: number, processes = 1) {
  const clock = new ManualClock(new Date(0))
  const inner = new FaultyProvider({ clock })
  const rate = new Rate(clock, intervalMs)
  const providers = Array.from({ length: processes }, () => new BudgetProvider(inner, { budget: rate, clock }))
  return { clock, inner, rate, providers, provider: providers[0]! }
}

const sent = (inner: FaultyProvider) => {
  return inner.calls.filter(({ operation }) => operation !== 'currentKek').map(({ at }) => at)
}

test('calls of a KEK are sent one interval after the other, whatever they are and whoever sends them', async () => {
  const { clock, inner, providers } = budgeted(10, 2)
  const made = Promise.all(providers.flatMap((each) => [each.generateDataKey(CONTEXT), each.generateDataKey(CONTEXT)]))
  await clock.advance(40)
  const [{ dataKey, wrapped }] = (await made) as [Awaited<ReturnType<BudgetProvider['generateDataKey']>>]
  const others = Promise.all([
    providers[0]!.unwrap(wrapped, CONTEXT),
    providers[1]!.wrap(dataKey, CONTEXT),
    providers[0]!.rewrap(wrapped, CONTEXT),
  ])
  await clock.advance(40)
  await others
  expect(sent(inner).sort((a, b) => a - b)).toEqual([0, 10, 20, 30, 40, 50, 60])
})

test('a look-up of the current KEK takes no turn', async () => {
  const { clock, inner, rate, provider } = budgeted(1_000)
  await provider.currentKek(CONTEXT)
  await provider.currentKek(CONTEXT)
  expect(inner.calls).toHaveLength(2)
  expect(rate.asked).toEqual([])
  expect(clock.pendingTimers).toBe(0)
})

test('each KEK has turns of its own', async () => {
  const clock = new ManualClock(new Date(0))
  const inner = new FaultyProvider({ clock })
  const asked: string[] = []
  const budget: CallBudget = {
    async reserve({ provider, id }, calls) {
      asked.push(`${provider}/${id}`)
      return { granted: calls, startsInMs: 0, intervalMs: 0 }
    },
  }
  const provider = new BudgetProvider(inner, { budget, clock })
  const made = provider.generateDataKey(CONTEXT)
  await clock.advance(0)
  const { wrapped } = await made
  const elsewhere = { ...wrapped, kek: { ...wrapped.kek, id: 'another' } }
  const refused = expect(provider.unwrap(elsewhere, CONTEXT)).rejects.toMatchObject({ code: 'ERR_KEK_NOT_ACCEPTED' })
  await clock.advance(0)
  await refused
  expect(asked).toEqual([`${wrapped.kek.provider}/${wrapped.kek.id}`, `${wrapped.kek.provider}/another`])
})

test('an operation that is two calls to the KMS takes two turns', async () => {
  const clock = new ManualClock(new Date(0))
  const inner = new FaultyProvider({ clock })
  const rate = new Rate(clock, 10)
  const provider = new BudgetProvider(inner, { budget: rate, clock, callsOf: () => 2 })
  const both = Promise.all([provider.generateDataKey(CONTEXT), provider.generateDataKey(CONTEXT)])
  await clock.advance(40)
  await both
  expect(sent(inner)).toEqual([10, 30])
})

test('a turn after the deadline is refused as a throttled call, at once, and taken from nobody', async () => {
  const { clock, inner, rate, provider } = budgeted(100)
  const calls = [1, 2, 3].map(() => provider.generateDataKey(CONTEXT, { deadline: 150 }))
  const third = expect(calls[2]).rejects.toMatchObject({
    code: 'ERR_KMS_UNAVAILABLE',
    reason: 'throttled',
    retryable: true,
    retryAfterMs: 200,
    message: expect.stringContaining('raise the rate'),
  })
  await clock.advance(0)
  await third
  expect(rate.next).toBe(200)
  await clock.advance(100)
  await Promise.all(calls.slice(0, 2))
  expect(sent(inner)).toEqual([0, 100])
})

test('one that is aborted sends nothing and leaves no timer behind', async () => {
  const { clock, inner, provider } = budgeted(100)
  const first = provider.generateDataKey(CONTEXT)
  const abort = new AbortController()
  const second = provider.generateDataKey(CONTEXT, { signal: abort.signal })
  const ended = expect(second).rejects.toThrow('enough')
  await clock.advance(50)
  abort.abort(new Error('enough'))
  await ended
  await first
  expect(clock.pendingTimers).toBe(0)
  await clock.advance(200)
  expect(sent(inner)).toEqual([0])
})

test('a budget that cannot be asked fails the calls that wait for it, and the next asks again', async () => {
  const clock = new ManualClock(new Date(0))
  const inner = new FaultyProvider({ clock })
  let isAway = true
  const budget: CallBudget = {
    async reserve(_kek, calls) {
      if (isAway) throw new Error('no database')
      return { granted: calls, startsInMs: 0, intervalMs: 0 }
    },
  }
  const provider = new BudgetProvider(inner, { budget, clock })
  await expect(provider.generateDataKey(CONTEXT)).rejects.toThrow('no database')
  isAway = false
  const made = provider.generateDataKey(CONTEXT)
  await clock.advance(0)
  await expect(made).resolves.toHaveProperty('wrapped')
})

test('property: in no stretch of time are more calls sent than the rate allows, and each is sent', async () => {
  const arrivals = fc.array(fc.record({ at: fc.nat(500), process: fc.nat(2) }), { minLength: 1, maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(arrivals, fc.integer({ min: 1, max: 50 }), async (arriving, intervalMs) => {
      const { clock, inner, providers } = budgeted(intervalMs, 3)
      const calls: Promise<unknown>[] = []
      for (const { at, process } of arriving.sort((a, b) => a.at - b.at)) {
        await clock.advance(at - clock.now())
        calls.push(providers[process]!.generateDataKey(CONTEXT))
      }
      await clock.advance(arriving.length * intervalMs)
      await Promise.all(calls)
      const times = sent(inner).sort((a, b) => a - b)
      expect(times).toHaveLength(arriving.length)
      for (let n = 1; n < times.length; n++) expect(times[n]! - times[n - 1]!).toBeGreaterThanOrEqual(intervalMs)
    }),
    { numRuns: 60 },
  )
})

test('unknown and wrong options are refused', () => {
  const inner = new FaultyProvider()
  const budget = { reserve: async () => ({ granted: 1, startsInMs: 0, intervalMs: 0 }) }
  expect(() => new BudgetProvider(inner, { budget, rate: 5 } as never)).toThrow('unknown option "rate"')
  expect(() => new BudgetProvider(inner, { budget: {} } as never)).toThrow('"budget" must have the method reserve')
  expect(() => new BudgetProvider(inner, { budget, callsOf: 2 } as never)).toThrow('"callsOf" must be a function')
})
