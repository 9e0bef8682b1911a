import { expect, test } from '@jest/globals'
import type { EncryptionContext } from '../../src/kms/context.js'
import { DataKey } from '../../src/kms/data-key.js'
import type { CallOptions, KmsReply } from '../../src/kms/provider.js'
import { FaultyProvider, faults, ManualClock } from '../../src/testing/index.js'
import { testKmsProvider } from '../contract/kms-provider.js'
import { faultyUnderTest } from './faulty-under-test.js'

testKmsProvider({ test }, { name: 'fake', create: async () => faultyUnderTest() })

const CONTEXT: EncryptionContext = { tenant: 't1' }

async function wrappedBy(provider: FaultyProvider) {
  const { dataKey, wrapped } = await provider.generateDataKey(CONTEXT)
  provider.clearCalls()
  return { dataKey, wrapped }
}

test('a lost reply leaves the work done and the caller with a retryable error and no reply', async () => {
  const provider = new FaultyProvider()
  const replies: KmsReply[] = []
  provider.faults.inject(faults.loseReply(), { times: 1 })
  const lost = provider.generateDataKey(CONTEXT, { onReply: (reply) => replies.push(reply) })
  await expect(lost).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE', reason: 'network', retryable: true })
  expect(replies).toEqual([])
  expect(provider.calls).toHaveLength(1)
  await expect(provider.generateDataKey(CONTEXT)).resolves.toBeDefined()
})

test('an answer for another key names that KEK', async () => {
  const provider = new FaultyProvider()
  const { wrapped } = await wrappedBy(provider)
  provider.faults.inject(faults.answerWithOtherKek({ id: 'stranger', version: '7' }))
  await expect(provider.currentKek(CONTEXT)).resolves.toEqual({ provider: 'fake', id: 'stranger', version: '7' })
  await expect(provider.rewrap(wrapped, CONTEXT)).resolves.toMatchObject({ kek: { id: 'stranger', version: '7' } })
})

test('an answer with another data key gives that data key', async () => {
  const provider = new FaultyProvider()
  const { dataKey, wrapped } = await wrappedBy(provider)
  provider.faults.inject(faults.answerWithOtherDataKey(), { operation: 'unwrap' })
  const found = await provider.unwrap(wrapped, CONTEXT)
  expect(found.keyObject.equals(dataKey.keyObject)).toBe(false)
})

test('a truncated answer cannot be unwrapped', async () => {
  const provider = new FaultyProvider()
  provider.faults.inject(faults.truncateWrapped(), { times: 1 })
  const { wrapped } = await provider.generateDataKey(CONTEXT)
  await expect(provider.unwrap(wrapped, CONTEXT)).rejects.toMatchObject({ code: 'ERR_DECRYPTION_FAILED' })
})

test('throttling passes on what the KMS asks for', async () => {
  const provider = new FaultyProvider()
  provider.faults.inject(faults.throttle(1_500))
  await expect(provider.currentKek(CONTEXT)).rejects.toMatchObject({ reason: 'throttled', retryAfterMs: 1_500 })
})

test('a slow call is answered when its time has come', async () => {
  const clock = new ManualClock()
  const provider = new FaultyProvider({ clock })
  provider.faults.inject(faults.slow(1_000))
  let answered = false
  const call = provider.currentKek(CONTEXT).then(() => {
    answered = true
  })
  await clock.advance(999)
  expect(answered).toBe(false)
  await clock.advance(1)
  await call
  expect(clock.pendingTimers).toBe(0)
})

test('an aborted slow call leaves no timer behind', async () => {
  const clock = new ManualClock()
  const provider = new FaultyProvider({ clock })
  provider.faults.inject(faults.slow(1_000))
  const controller = new AbortController()
  const call = provider.currentKek(CONTEXT, { signal: controller.signal })
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(call).rejects.toBe(reason)
  expect(clock.pendingTimers).toBe(0)
})

test('a deaf call does not listen to its signal', async () => {
  const provider = new FaultyProvider()
  provider.faults.inject(faults.hang({ deaf: true }))
  const controller = new AbortController()
  let settled = false
  const settle = () => {
    settled = true
  }
  void provider.currentKek(CONTEXT, { signal: controller.signal }).then(settle, settle)
  controller.abort()
  await new ManualClock().advance(0)
  expect(settled).toBe(false)
})

test('a rotation in mid-job changes the KEK between two calls', async () => {
  const provider = new FaultyProvider()
  const { kms } = provider
  provider.faults.inject(
    faults.precededBy(() => void kms.rotate()),
    { operation: 'rewrap', times: 1 },
  )
  const { wrapped } = await wrappedBy(provider)
  expect(wrapped.kek.version).toBe('1')
  const rewrapped = await provider.rewrap(wrapped, CONTEXT)
  expect(rewrapped.kek.version).toBe('2')
  await expect(provider.unwrap(rewrapped, CONTEXT)).resolves.toBeInstanceOf(DataKey)
})

test('faults meet the operation and the number of calls that they are meant for', async () => {
  const provider = new FaultyProvider()
  const { wrapped } = await wrappedBy(provider)
  provider.faults.inject(faults.deny(), { operation: 'unwrap', times: 2 })
  provider.faults.inject(faults.throttle(), { operation: 'unwrap', times: 1 })
  await expect(provider.currentKek(CONTEXT)).resolves.toBeDefined()
  for (const code of ['ERR_KMS_ACCESS_DENIED', 'ERR_KMS_ACCESS_DENIED', 'ERR_KMS_UNAVAILABLE']) {
    await expect(provider.unwrap(wrapped, CONTEXT)).rejects.toMatchObject({ code })
  }
  await expect(provider.unwrap(wrapped, CONTEXT)).resolves.toBeDefined()
  provider.faults.inject(faults.deny())
  provider.faults.clear()
  await expect(provider.unwrap(wrapped, CONTEXT)).resolves.toBeDefined()
})

test('a version that was disabled works again when it is enabled, a destroyed one never', async () => {
  const provider = new FaultyProvider()
  const { wrapped } = await wrappedBy(provider)
  provider.kms.disable('1')
  provider.kms.enable('1')
  await expect(provider.unwrap(wrapped, CONTEXT)).resolves.toBeDefined()
  provider.kms.destroy('1')
  expect(() => provider.kms.enable('1')).toThrow(TypeError)
  await expect(provider.unwrap(wrapped, CONTEXT)).rejects.toMatchObject({ code: 'ERR_KEK_UNAVAILABLE' })
})

test('calls are counted with operation, context, time and call token', async () => {
  const clock = new ManualClock(new Date(5_000))
  const provider = new FaultyProvider({ clock })
  const options: CallOptions = { callToken: 'token' }
  await provider.currentKek(CONTEXT, options)
  expect(provider.calls).toEqual([{ operation: 'currentKek', context: CONTEXT, at: 5_000, callToken: 'token' }])
})

test('two providers tell their KEKs apart', async () => {
  const one = new FaultyProvider({ name: 'one', kekId: 'a' })
  const other = new FaultyProvider({ name: 'one', kekId: 'b' })
  const { wrapped } = await wrappedBy(one)
  await expect(other.unwrap(wrapped, CONTEXT)).rejects.toMatchObject({ code: 'ERR_KEK_NOT_ACCEPTED' })
  expect(other.calls).toEqual([])
})
