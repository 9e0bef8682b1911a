import { expect, test } from '@jest/globals'
import { type CallEnd, type CallLedger, type CallStart, InMemoryCallLedger } from '../../../src/kms/call-ledger.js'
import type { EncryptionContext } from '../../../src/kms/context.js'
import { DataKey } from '../../../src/kms/data-key.js'
import type { CallOptions, KmsReply } from '../../../src/kms/provider.js'
import { RecordingProvider } from '../../../src/kms/recording-provider.js'
import { RetryingProvider } from '../../../src/kms/retrying-provider.js'
import { FaultyProvider, faults, ManualClock } from '../../../src/testing/index.js'

const CONTEXT: EncryptionContext = { tenant: 't1' }

function recorded(ledger: CallLedger = new InMemoryCallLedger()) {
  const clock = new ManualClock()
  const inner = new FaultyProvider({ clock })
  return { clock, inner, ledger, provider: new RecordingProvider(inner, ledger, clock) }
}

async function wrappedBy(inner: FaultyProvider) {
  const { wrapped } = await inner.generateDataKey(CONTEXT)
  inner.clearCalls()
  return wrapped
}

test('each operation is one entry with the KEK that was named and the KEK that was used', async () => {
  const { inner, ledger, provider, clock } = recorded()
  const wrapped = await wrappedBy(inner)
  inner.kms.rotate()
  const [old, current] = [wrapped.kek, { ...wrapped.kek, version: '2' }]
  await provider.currentKek(CONTEXT)
  await provider.generateDataKey(CONTEXT)
  await provider.wrap(DataKey.generate(), CONTEXT)
  await provider.unwrap(wrapped, CONTEXT)
  await provider.rewrap(wrapped, CONTEXT)
  const { entries } = ledger as InMemoryCallLedger
  expect(entries.map(({ operation, kek, end }) => [operation, kek, end?.kek])).toEqual([
    ['currentKek', undefined, current],
    ['generateDataKey', undefined, current],
    ['wrap', undefined, current],
    ['unwrap', old, old],
    ['rewrap', old, current],
  ])
  for (const entry of entries) {
    expect(entry).toMatchObject({ provider: 'fake', context: CONTEXT, startedAt: new Date(clock.now()) })
    const { operation } = entry
    const reply = { operation, status: 'OK', requestId: expect.stringMatching(/^fake-/), at: new Date(clock.now()) }
    expect(entry.end).toMatchObject({ outcome: 'succeeded', replies: [reply] })
  }
})

test('nothing is sent before the ledger has written the call down', async () => {
  let written: () => void = () => undefined
  const begun: CallStart[] = []
  const { inner, provider } = recorded({
    begin(call) {
      begun.push(call)
      return new Promise((resolve) => {
        written = resolve
      })
    },
    complete: async () => undefined,
  })
  const call = provider.currentKek(CONTEXT)
  await new ManualClock().advance(0)
  expect([begun.length, inner.calls.length]).toEqual([1, 0])
  written()
  await call
  expect(inner.calls.length).toBe(1)
})

test('a ledger that cannot be written stops the call', async () => {
  const failure = new Error('the ledger is full')
  const { inner, provider } = recorded({ begin: () => Promise.reject(failure), complete: async () => undefined })
  const wrapped = await wrappedBy(inner)
  const calls = [
    provider.currentKek(CONTEXT),
    provider.generateDataKey(CONTEXT),
    provider.wrap(DataKey.generate(), CONTEXT),
    provider.unwrap(wrapped, CONTEXT),
    provider.rewrap(wrapped, CONTEXT),
  ]
  for (const call of calls) await expect(call).rejects.toBe(failure)
  expect(inner.calls).toEqual([])
})

test('a success that cannot be written down is none', async () => {
  const failure = new Error('the ledger is full')
  const { provider } = recorded({ begin: async () => undefined, complete: () => Promise.reject(failure) })
  await expect(provider.currentKek(CONTEXT)).rejects.toBe(failure)
})

test('a failure of the KMS that cannot be written down is still that failure', async () => {
  const { inner, provider } = recorded({
    begin: async () => undefined,
    complete: () => Promise.reject(new Error('the ledger is full')),
  })
  inner.faults.inject(faults.deny())
  await expect(provider.currentKek(CONTEXT)).rejects.toMatchObject({ code: 'ERR_KMS_ACCESS_DENIED' })
})

test('a refused call is completed with its code, and the reply with its status and its request id', async () => {
  const { clock, inner, ledger, provider } = recorded()
  inner.faults.inject(faults.deny())
  await expect(provider.currentKek(CONTEXT)).rejects.toThrow()
  const [entry] = (ledger as InMemoryCallLedger).entries
  const { latencyMs, ...end } = entry!.end!
  expect(end).toEqual({
    outcome: 'failed',
    errorCode: 'ERR_KMS_ACCESS_DENIED',
    replies: [
      { operation: 'currentKek', status: 'AccessDenied', requestId: 'fake-refused', at: new Date(clock.now()) },
    ],
  } satisfies Omit<CallEnd, 'latencyMs'>)
})

test('a lost reply is a failure without replies', async () => {
  const { inner, ledger, provider } = recorded()
  inner.faults.inject(faults.loseReply())
  await expect(provider.currentKek(CONTEXT)).rejects.toThrow()
  const end = (ledger as InMemoryCallLedger).entries[0]?.end
  expect(end).toEqual({ outcome: 'failed', errorCode: 'ERR_KMS_UNAVAILABLE', replies: [], latencyMs: 0 })
})

test('an error that is none of ours is written down as unknown', async () => {
  const { inner, ledger, provider } = recorded()
  const failure = new Error('not ours')
  inner.faults.inject(
    faults.precededBy(() => {
      throw failure
    }),
  )
  await expect(provider.currentKek(CONTEXT)).rejects.toBe(failure)
  expect((ledger as InMemoryCallLedger).entries[0]?.end).toMatchObject({ outcome: 'failed', errorCode: 'unknown' })
})

test('the latency is measured by the given clock', async () => {
  const { clock, inner, ledger, provider } = recorded()
  inner.faults.inject(faults.slow(250))
  const call = provider.currentKek(CONTEXT)
  await clock.advance(1_000)
  await call
  expect((ledger as InMemoryCallLedger).entries[0]?.end?.latencyMs).toBe(250)
})

test('each attempt of a retry is an entry of its own, with a token that reached the KMS', async () => {
  const { inner, ledger, provider } = recorded()
  inner.faults.inject(faults.throttle(), { times: 2 })
  const retrying = new RetryingProvider(provider, { retries: 2, initialDelayMs: 1, random: () => 0 })
  await retrying.currentKek(CONTEXT, { callToken: 'of the caller' })
  const { entries } = ledger as InMemoryCallLedger
  expect(entries.map(({ end }) => end?.outcome)).toEqual(['failed', 'failed', 'succeeded'])
  const tokens = entries.map(({ callToken }) => callToken)
  expect(new Set(tokens).size).toBe(3)
  expect(inner.calls.map(({ callToken }) => callToken)).toEqual(tokens)
  expect(entries.map(({ call }) => call)).toEqual(['of the caller', 'of the caller', 'of the caller'])
})

test('the attempts of a call without a token are one call, and those of another are another', async () => {
  const { inner, ledger, provider } = recorded()
  const retrying = new RetryingProvider(provider, { retries: 1, initialDelayMs: 1, random: () => 0 })
  for (let call = 0; call < 2; call++) {
    inner.faults.inject(faults.throttle(), { times: 1 })
    await retrying.currentKek(CONTEXT)
  }
  const calls = (ledger as InMemoryCallLedger).entries.map(({ call }) => call)
  expect(calls).toEqual([calls[0], calls[0], calls[2], calls[2]])
  expect(calls[0]).not.toBe(calls[2])
})

test('an attempt that nobody tries again is a call of its own', async () => {
  const { ledger, provider } = recorded()
  await provider.currentKek(CONTEXT)
  const [entry] = (ledger as InMemoryCallLedger).entries
  expect(entry?.call).toBe(entry?.callToken)
})

test('a call that is aborted already is neither written down nor sent', async () => {
  const { inner, ledger, provider } = recorded()
  const reason = new Error('enough')
  await expect(provider.currentKek(CONTEXT, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect((ledger as InMemoryCallLedger).entries).toEqual([])
  expect(inner.calls).toEqual([])
})

test('the caller hears the reply too, and the other options pass through', async () => {
  const { provider } = recorded()
  const replies: KmsReply[] = []
  const options: CallOptions = { onReply: (reply) => replies.push(reply) }
  await provider.currentKek(CONTEXT, options)
  expect(replies).toEqual([{ operation: 'currentKek', requestId: 'fake-1', status: 'OK' }])
})

test('the ledger in memory counts attempts by operation until it is cleared', async () => {
  const { inner, provider } = recorded()
  const ledger = new InMemoryCallLedger()
  const counted = new RecordingProvider(inner, ledger)
  await counted.currentKek(CONTEXT)
  await counted.currentKek(CONTEXT)
  await counted.generateDataKey(CONTEXT)
  await provider.currentKek(CONTEXT)
  expect(ledger.counts()).toEqual({ currentKek: 2, generateDataKey: 1 })
  ledger.clear()
  expect([ledger.counts(), ledger.entries]).toEqual([{}, []])
})

test('no entry holds a data key or wrapped bytes', async () => {
  const { ledger, provider } = recorded()
  const { dataKey, wrapped } = await provider.generateDataKey(CONTEXT)
  await provider.unwrap(wrapped, CONTEXT)
  const written = JSON.stringify((ledger as InMemoryCallLedger).entries)
  const secrets = [dataKey.withBytes((bytes) => Buffer.from(bytes)), Buffer.from(wrapped.bytes)]
  for (const secret of secrets) {
    for (const spelling of ['hex', 'base64', 'base64url'] as const)
      expect(written).not.toContain(secret.toString(spelling))
    expect(written).not.toContain(JSON.stringify([...secret]).slice(1, -1))
  }
})
