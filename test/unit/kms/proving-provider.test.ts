import { expect, test } from '@jest/globals'
import { InMemoryCallLedger } from '../../../src/kms/call-ledger.js'
import type { EncryptionContext } from '../../../src/kms/context.js'
import { DataKey } from '../../../src/kms/data-key.js'
import { ProvingProvider } from '../../../src/kms/proving-provider.js'
import { RecordingProvider } from '../../../src/kms/recording-provider.js'
import { type Fault, FaultyProvider, faults } from '../../../src/testing/index.js'

const CONTEXT: EncryptionContext = { tenant: 't1' }

function proving() {
  const kms = new FaultyProvider()
  const ledger = new InMemoryCallLedger()
  return { kms, ledger, provider: new ProvingProvider(new RecordingProvider(kms, ledger)) }
}

test('the first wrap under each version of a KEK is unwrapped, and no further one', async () => {
  const { kms, ledger, provider } = proving()
  for (let wrap = 0; wrap < 3; wrap++) await provider.generateDataKey(CONTEXT)
  await provider.wrap(DataKey.generate(), CONTEXT)
  expect(ledger.counts()).toEqual({ generateDataKey: 3, wrap: 1, unwrap: 1 })
  kms.kms.rotate()
  await provider.wrap(DataKey.generate(), CONTEXT)
  await provider.generateDataKey(CONTEXT)
  expect(ledger.counts()).toEqual({ generateDataKey: 4, wrap: 2, unwrap: 2 })
})

test('wraps that are made at the same time wait for one proof', async () => {
  const { ledger, provider } = proving()
  await Promise.all(Array.from({ length: 20 }, () => provider.generateDataKey(CONTEXT)))
  expect(ledger.counts()).toEqual({ generateDataKey: 20, unwrap: 1 })
})

const LIES: Record<string, [operation: 'generateDataKey' | 'wrap', fault: Fault]> = {
  'a wrap of another data key': ['generateDataKey', faults.answerWithOtherDataKey()],
  'a wrap that was cut off': ['generateDataKey', faults.truncateWrapped()],
  'a wrap of a given key that was cut off': ['wrap', faults.truncateWrapped()],
}

for (const [lie, [operation, fault]] of Object.entries(LIES)) {
  test(`${lie} is refused, and the next one is proven`, async () => {
    const { kms, ledger, provider } = proving()
    kms.faults.inject(fault, { operation, times: 1 })
    const wrap = () =>
      operation === 'wrap' ? provider.wrap(DataKey.generate(), CONTEXT) : provider.generateDataKey(CONTEXT)
    await expect(wrap()).rejects.toMatchObject({ code: 'ERR_DECRYPTION_FAILED' })
    await wrap()
    expect(ledger.counts()).toMatchObject({ unwrap: 2 })
  })
}

test('an unwrap that fails is the failure of the wrap; who waited for it proves his own', async () => {
  const { kms, provider } = proving()
  kms.faults.inject(faults.deny(), { operation: 'unwrap', times: 1 })
  const outcomes = await Promise.allSettled(Array.from({ length: 3 }, () => provider.generateDataKey(CONTEXT)))
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected'])
  const failed = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult
  expect(failed.reason).toMatchObject({ code: 'ERR_KMS_ACCESS_DENIED' })
})

test('an abort is that of its caller alone', async () => {
  const { kms, provider } = proving()
  kms.faults.inject(faults.hang(), { operation: 'unwrap', times: 1 })
  const controller = new AbortController()
  const first = provider.generateDataKey(CONTEXT, { signal: controller.signal })
  const second = provider.generateDataKey(CONTEXT)
  await new Promise(setImmediate)
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(first).rejects.toBe(reason)
  await expect(second).resolves.toBeDefined()
})

test('everything else is that of the provider within', async () => {
  const { kms, ledger, provider } = proving()
  expect(provider.name).toBe(kms.name)
  const { wrapped } = await kms.generateDataKey(CONTEXT)
  await provider.currentKek(CONTEXT)
  await provider.unwrap(wrapped, CONTEXT)
  await provider.rewrap(wrapped, CONTEXT)
  expect(ledger.counts()).toEqual({ currentKek: 1, unwrap: 1, rewrap: 1 })
})
