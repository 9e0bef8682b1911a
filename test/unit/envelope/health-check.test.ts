import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { type HealthCheckOptions, healthCheck } from '../../../src/index.js'
import { answerWithOtherDataKey, deny, hang, throttle } from '../../../src/testing/faults.js'
import { findTracesIn } from '../../setup/traces.js'
import { binding, kmsNamed, refusal, setup } from './fixtures.js'

/** A provider, a recipient and one that can only wrap. */
function checked(options: HealthCheckOptions = {}) {
  const recipient = kmsNamed('second')
  const offline = kmsNamed('offline')
  const { name } = offline
  const wrapOnly = { name, currentKek: offline.currentKek.bind(offline), wrap: offline.wrap.bind(offline) }
  const { cipher, kms, clock } = setup({ recipients: [recipient, wrapOnly] })
  return { cipher, kms, clock, recipient, offline, health: healthCheck(cipher, { clock, ...options }) }
}

test('ok: each KEK wrapped a canary, and unwrapped it where that can be done here', async () => {
  const { health, kms, recipient, offline } = checked()
  const { keks, ...rest } = await health()
  expect(rest).toEqual({ status: 'ok', checkedAt: '2026-11-22T21:00:00.000Z' })
  const kek = (provider: string) => ({ provider, id: 'kek-a', version: '1' })
  expect(keks).toEqual([
    { role: 'provider', provider: 'small', status: 'ok', kek: kek('small') },
    { role: 'recipient', provider: 'second', status: 'ok', kek: kek('second') },
    { role: 'wrap-only recipient', provider: 'offline', status: 'ok', kek: kek('offline') },
  ])
  for (const each of [kms, recipient]) expect(each.calls.map(({ operation }) => operation)).toEqual(['wrap', 'unwrap'])
  expect(offline.calls.map(({ operation }) => operation)).toEqual(['wrap'])
  expect(kms.calls[0]!.context['waxseal-entity']).toBe('waxseal-doctor')
})

describe('a KMS that fails is told by its code', () => {
  test('degraded: another KEK still opens what is stored', async () => {
    const { health, kms } = checked()
    kms.faults.inject(deny())
    const { status, keks } = await health()
    expect(status).toBe('degraded')
    expect(keks.map((each) => [each.status, each.code])).toEqual([
      ['failed', 'ERR_KMS_ACCESS_DENIED'],
      ['ok', undefined],
      ['ok', undefined],
    ])
  })

  test('failed: one that can only wrap opens nothing', async () => {
    const { health, kms, recipient } = checked()
    kms.faults.inject(throttle())
    recipient.faults.inject(answerWithOtherDataKey(), { operation: 'unwrap' })
    const { status, keks } = await health()
    expect(status).toBe('failed')
    expect(keks.map(({ code }) => code)).toEqual(['ERR_KMS_UNAVAILABLE', 'ERR_DECRYPTION_FAILED', undefined])
  })

  test('by no other word of the error, nor by anything else that is secret', async () => {
    const { health, kms, cipher } = checked()
    const message = 'a message of somebody else'
    kms.faults.inject(refusal(new Error(message)), { times: 1 })
    const health1 = await health()
    expect(health1.keks[0]!.code).toBe('unknown')
    expect(findTracesIn([{ where: 'health', text: JSON.stringify(health1) }], message)).toEqual([])
    const keys: Buffer[] = []
    const unwrap = kms.unwrap.bind(kms)
    kms.unwrap = async (...args) => {
      const dataKey = await unwrap(...args)
      dataKey.withBytes((bytes) => keys.push(Buffer.from(bytes)))
      return dataKey
    }
    const again = await healthCheck(cipher)()
    expect(keys).toHaveLength(1)
    expect(findTracesIn([{ where: 'health', text: JSON.stringify(again) }], keys[0]!)).toEqual([])
  })
})

describe('one deadline for all of them', () => {
  for (const [options, wait] of [
    [{}, 2_000],
    [{ timeoutMs: 300 }, 300],
  ] as const) {
    test(`of ${wait} ms`, async () => {
      const { health, kms, recipient, clock } = checked(options)
      kms.faults.inject(hang({ deaf: true }))
      recipient.faults.inject(hang({ deaf: true }), { operation: 'unwrap' })
      let status: string | undefined
      const asked = health().then((answer) => {
        status = answer.status
      })
      await clock.advance(wait - 1)
      expect(status).toBeUndefined()
      await clock.advance(1)
      expect(status).toBe('failed')
      await asked
    })
  }
})

describe('what is remembered', () => {
  test('a success, for a while', async () => {
    for (const [options, age] of [
      [{}, 30_000],
      [{ maxAgeMs: 500 }, 500],
    ] as const) {
      const { health, kms, clock } = checked(options)
      const first = await health()
      await clock.advance(age - 1)
      expect(await health()).toEqual(first)
      expect(kms.calls).toHaveLength(2)
      await clock.advance(1)
      expect((await health()).checkedAt).not.toBe(first.checkedAt)
      expect(kms.calls).toHaveLength(4)
    }
  })

  test('no failure: what was mended is seen at once', async () => {
    const { health, kms } = checked()
    kms.faults.inject(deny(), { times: 1 })
    expect((await health()).status).toBe('degraded')
    expect((await health()).status).toBe('ok')
  })

  test('those who ask at the same time share the calls', async () => {
    const { health, kms } = checked({ maxAgeMs: 0 })
    const asked = [health(), health()]
    await setImmediate()
    await Promise.all(asked)
    expect(kms.calls).toHaveLength(2)
  })
})

test('a closed cipher is not ready, whatever is remembered, and asks nobody', async () => {
  const { health, kms, cipher } = checked()
  await health()
  await cipher.close()
  expect(await health()).toEqual({
    status: 'failed',
    checkedAt: '2026-11-22T21:00:00.000Z',
    keks: [],
    code: 'ERR_CIPHER_CLOSED',
  })
  expect(kms.calls).toHaveLength(2)
})

test('the cache of the cipher is not touched, and a mistyped option is refused', async () => {
  const { health, cipher } = checked()
  await cipher.mint(binding)
  await health()
  expect(cipher.cacheStatistics).toEqual({ hits: 0, misses: 0, keys: 1 })
  expect(() => healthCheck(cipher, { maxAge: 5 } as never)).toThrow(/unknown option "maxAge"/)
  expect(() => healthCheck(cipher, { timeoutMs: 0 })).toThrow(/"timeoutMs" must be/)
})
