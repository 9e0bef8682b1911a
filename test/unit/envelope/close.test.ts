import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { EnvelopeCipher } from '../../../src/envelope/envelope-cipher.js'
import { InMemoryCallLedger } from '../../../src/kms/call-ledger.js'
import { RecordingProvider } from '../../../src/kms/recording-provider.js'
import { hang, slow } from '../../../src/testing/faults.js'
import { binding, callsOf, codeOf, kmsNamed, setup, store } from './fixtures.js'

const ended = (promise: Promise<unknown>) => {
  const state = { ended: false }
  const end = () => {
    state.ended = true
  }
  promise.then(end, end)
  return state
}

test('a closed cipher starts nothing, not even from the cache', async () => {
  const { cipher, kms } = setup()
  const { metadata } = await store(cipher)
  await cipher.close()
  kms.clearCalls()
  const operations = [
    () => cipher.mint(binding),
    () => cipher.open(metadata, binding),
    () => cipher.openCached(metadata, binding),
    () => cipher.currentKeks(binding),
    () => cipher.isStale(metadata, binding),
    () => cipher.rewrap(metadata, binding),
    () => cipher.checkKeks(),
  ]
  for (const operation of operations) expect(await codeOf(operation)).toBe('ERR_CIPHER_CLOSED')
  expect(kms.calls).toEqual([])
})

test('no key is left, and closing again or at the end of a block is the same close', async () => {
  const { cipher } = setup()
  await store(cipher)
  expect(cipher.cacheStatistics.keys).toBe(1)
  await Promise.all([cipher.close(), cipher.close(), cipher[Symbol.asyncDispose]()])
  expect(cipher.cacheStatistics.keys).toBe(0)
})

describe('what is on its way is finished', () => {
  test('an operation with a call under way', async () => {
    const { cipher, kms, clock } = setup()
    kms.faults.inject(slow(100))
    const minted = cipher.mint(binding)
    const closing = cipher.close()
    const closed = ended(closing)
    await clock.advance(99)
    expect(closed.ended).toBe(false)
    await clock.advance(1)
    await closing
    await expect(minted).resolves.toBeDefined()
    expect(cipher.cacheStatistics.keys).toBe(0)
    expect(clock.pendingTimers).toBe(0)
  })

  test('an operation that still has calls to make, which opens the envelope by itself', async () => {
    const { cipher, kms, clock } = setup()
    const { metadata } = await store(cipher)
    const other = new EnvelopeCipher({ provider: kmsNamed('other'), accepted: [{ provider: kms }], clock })
    kms.faults.inject(slow(100))
    kms.clearCalls()
    const rewrapped = other.rewrap(metadata, binding)
    const closing = other.close()
    await clock.advance(500)
    await closing
    expect((await rewrapped).wrap).toBe(2)
    expect(callsOf(kms)).toEqual([['unwrap']])
  })

  test('a load whose caller gave up', async () => {
    const { cipher, kms, clock } = setup()
    const { metadata } = await store(cipher)
    cipher.forgetAll()
    kms.faults.inject(slow(100))
    const opened = codeOf(() => cipher.open(metadata, binding, { deadline: clock.now() + 10 }))
    await clock.advance(10)
    expect(await opened).toBe('ERR_KMS_UNAVAILABLE')
    const closed = ended(cipher.close())
    await clock.advance(89)
    expect(closed.ended).toBe(false)
    await clock.advance(1)
    expect(closed.ended).toBe(true)
    expect(cipher.cacheStatistics.keys).toBe(0)
  })

  /** Two KMSs in one ledger that takes 300 ms to write down what failed. The second never answers. */
  function slowLedger() {
    const { kms, clock } = setup()
    const entries = new InMemoryCallLedger()
    const ledger = {
      begin: entries.begin.bind(entries),
      async complete(...args: Parameters<InMemoryCallLedger['complete']>) {
        if (args[1].outcome === 'failed') await new Promise<void>((resolve) => void clock.after(300, resolve))
        await entries.complete(...args)
      },
    }
    const second = kmsNamed('second')
    second.faults.inject(hang())
    const [provider, recipient] = [kms, second].map((each) => new RecordingProvider(each, ledger, clock))
    const cipher = new EnvelopeCipher({ provider: provider!, recipients: [recipient!], clock, timeoutMs: 50 })
    return { cipher, kms, clock, outcomes: () => entries.entries.map(({ end }) => end?.outcome) }
  }

  test('what the ledger still writes about a call that was given up at its deadline', async () => {
    const { cipher, clock, outcomes } = slowLedger()
    const minted = codeOf(() => cipher.mint(binding))
    await clock.advance(50)
    expect(await minted).toBe('ERR_KMS_UNAVAILABLE')
    const closed = ended(cipher.close())
    await clock.advance(299)
    expect(closed.ended).toBe(false)
    await clock.advance(1)
    expect(closed.ended).toBe(true)
    expect(outcomes()).toEqual(['succeeded', 'failed'])
  })

  test('what the ledger writes about a call that began during the close', async () => {
    const { cipher, kms, clock, outcomes } = slowLedger()
    kms.faults.inject(slow(20))
    const minted = codeOf(() => cipher.mint(binding))
    const closed = ended(cipher.close())
    await clock.advance(50)
    expect(await minted).toBe('ERR_KMS_UNAVAILABLE')
    await clock.advance(299)
    expect(closed.ended).toBe(false)
    await clock.advance(1)
    expect(closed.ended).toBe(true)
    expect(outcomes()).toEqual(['succeeded', 'failed'])
  })
})

describe('what does not end', () => {
  test('is waited for until the deadline, which the error says', async () => {
    for (const [options, wait] of [
      [{}, 10_000],
      [{ timeoutMs: 30 }, 30],
    ] as const) {
      const { cipher, kms, clock } = setup({ timeoutMs: 60_000 })
      await store(cipher)
      kms.faults.inject(hang({ deaf: true }))
      void codeOf(() => cipher.mint(binding))
      await setImmediate()
      const closing = codeOf(() => cipher.close(options))
      const closed = ended(closing)
      await clock.advance(wait - 1)
      expect(closed.ended).toBe(false)
      await clock.advance(1)
      expect(closed.ended).toBe(true)
      expect(await closing).toBe('ERR_KMS_UNAVAILABLE')
      expect(cipher.cacheStatistics.keys).toBe(0)
    }
  })

  test('and ends later leaves no key behind either', async () => {
    const { cipher, kms, clock } = setup()
    kms.faults.inject(slow(100))
    const minted = cipher.mint(binding)
    const closing = codeOf(() => cipher.close({ timeoutMs: 10 }))
    await clock.advance(10)
    expect(await closing).toBe('ERR_KMS_UNAVAILABLE')
    await clock.advance(90)
    await minted
    await setImmediate()
    expect(cipher.cacheStatistics.keys).toBe(0)
  })
})

test('a mistyped option is refused, and closes nothing', async () => {
  const { cipher } = setup()
  expect(await codeOf(() => cipher.close({ timeout: 5 } as never))).toBe('ERR_CONFIGURATION')
  expect(await codeOf(() => cipher.close({ timeoutMs: 0 }))).toBe('ERR_CONFIGURATION')
  await store(cipher)
})
