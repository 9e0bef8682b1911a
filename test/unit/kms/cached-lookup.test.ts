import { setImmediate } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { CachedLookup } from '../../../src/kms/cached-lookup.js'
import type { CallOptions } from '../../../src/kms/provider.js'
import { ManualClock } from '../../../src/testing/index.js'

const MAX_AGE_MS = 1_000

/** Look-ups that are numbered, and end when the test says so. */
function held() {
  const clock = new ManualClock()
  const asked: { at: number; options: CallOptions; answer(): void; fail(error: Error): void }[] = []
  const lookup = new CachedLookup(
    (options) => {
      return new Promise<number>((resolve, reject) => {
        const nth = asked.length + 1
        asked.push({ at: clock.now(), options, answer: () => resolve(nth), fail: reject })
      })
    },
    { maxAgeMs: MAX_AGE_MS, clock },
  )
  return { clock, asked, lookup }
}

test('an answer is never older than it may be, and nothing is asked while one is younger or on its way', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('get' as const) }),
    fc.record({ kind: fc.constant('refresh' as const) }),
    fc.record({ kind: fc.constant('forget' as const) }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 2 * MAX_AGE_MS }) }),
    fc.record({ kind: fc.constant('end' as const), fails: fc.boolean() }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { clock, asked, lookup } = held()
      let [ended, known] = [0, undefined as number | undefined]
      for (const each of steps) {
        const before = asked.length
        if (each.kind === 'pass') await clock.advance(each.ms)
        if (each.kind === 'forget') {
          lookup.forget()
          known = undefined
        }
        if (each.kind === 'end' && ended < asked.length) {
          const call = asked[ended++]!
          if (each.fails) call.fail(new Error('failed'))
          else call.answer()
          if (each.fails && known === ended) known = undefined
          await setImmediate()
        }
        if (each.kind === 'get' || each.kind === 'refresh') {
          const isKnown = known !== undefined && clock.now() - asked[known - 1]!.at < MAX_AGE_MS
          lookup[each.kind]().catch(() => undefined)
          expect(asked.length - before).toBe(each.kind === 'get' && isKnown ? 0 : 1)
          if (asked.length > before) known = asked.length
        }
      }
    }),
  )
})

test('those who ask meanwhile share one look-up and its answer', async () => {
  const { asked, lookup } = held()
  const answers = Promise.all([lookup.get(), lookup.get(), lookup.get()])
  asked[0]!.answer()
  expect(await answers).toEqual([1, 1, 1])
  expect(asked).toHaveLength(1)
})

test('an answer that is known is none for who has given up', async () => {
  const { asked, lookup } = held()
  const answer = lookup.get()
  asked[0]!.answer()
  expect(await answer).toBe(1)
  const reason = new Error('given up')
  await expect(lookup.get({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})

test('who gives up ends alone: the look-up goes on for the others', async () => {
  const { asked, lookup } = held()
  const controller = new AbortController()
  const [first, second] = [lookup.get({ signal: controller.signal }), lookup.get()]
  const reason = new Error('given up')
  controller.abort(reason)
  await expect(first).rejects.toBe(reason)
  expect(asked[0]!.options).not.toHaveProperty('signal')
  asked[0]!.answer()
  expect(await second).toBe(1)
})

test('who gave up before asks for nothing', async () => {
  const { asked, lookup } = held()
  const reason = new Error('given up')
  await expect(lookup.get({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect(asked).toEqual([])
})

test('a refresh is asked anew while another look-up is on its way, and later ones take its answer', async () => {
  const { asked, lookup } = held()
  const [first, refreshed] = [lookup.get(), lookup.refresh()]
  expect(asked).toHaveLength(2)
  asked[1]!.answer()
  asked[0]!.answer()
  expect([await first, await refreshed, await lookup.get()]).toEqual([1, 2, 2])
})

test('the failure of an old look-up does not forget the newer one', async () => {
  const { asked, lookup } = held()
  const [first, refreshed] = [lookup.get(), lookup.refresh()]
  asked[1]!.answer()
  asked[0]!.fail(new Error('failed'))
  await expect(first).rejects.toThrow('failed')
  expect([await refreshed, await lookup.get()]).toEqual([2, 2])
})
