import { describe, expect, test } from '@jest/globals'
import { healthCheck, mintCanary } from '../../../src/index.js'
import { answerWithOtherDataKey, deny } from '../../../src/testing/faults.js'
import { kmsNamed, setup } from './fixtures.js'

/** A writer's canary, and a reader with the same KMSs, which may only unwrap. */
async function reader() {
  const [recipient, offline] = [kmsNamed('second'), kmsNamed('offline')]
  const wrapOnly = { name: 'offline', currentKek: offline.currentKek.bind(offline), wrap: offline.wrap.bind(offline) }
  const { cipher, kms, clock } = setup({ recipients: [recipient, wrapOnly] })
  const canary = await mintCanary(cipher)
  for (const each of [kms, recipient, offline]) {
    for (const operation of ['generateDataKey', 'wrap', 'rewrap', 'currentKek'] as const) {
      each.faults.inject(deny(), { operation })
    }
    each.clearCalls()
  }
  return { cipher, kms, clock, recipient, offline, canary, health: healthCheck(cipher, { clock, canary }) }
}

test('a reader is ready when it can unwrap, under each KEK that opens anything, and wraps nothing', async () => {
  const { health, kms, recipient, offline, cipher, clock } = await reader()
  const { status, keks } = await health()
  expect(status).toBe('ok')
  expect(keks.map(({ role, kek }) => [role, kek?.provider])).toEqual([
    ['provider', 'small'],
    ['recipient', 'second'],
  ])
  for (const each of [kms, recipient]) expect(each.calls.map(({ operation }) => operation)).toEqual(['unwrap'])
  expect(offline.calls).toEqual([])
  expect(kms.calls[0]!.context['waxseal-entity']).toBe('waxseal-doctor')
  expect((await healthCheck(cipher, { clock })()).status).toBe('failed')
})

describe('a reader is not ready', () => {
  test('where no KEK unwraps, and degraded where one does', async () => {
    const { health, kms, recipient } = await reader()
    kms.faults.inject(deny(), { operation: 'unwrap' })
    expect(await health()).toMatchObject({ status: 'degraded', keks: [{ code: 'ERR_KMS_ACCESS_DENIED' }, {}] })
    recipient.faults.inject(deny(), { operation: 'unwrap' })
    expect((await health()).status).toBe('failed')
  })

  test('where the KMS answers with another data key', async () => {
    const { health, kms } = await reader()
    kms.faults.inject(answerWithOtherDataKey(), { operation: 'unwrap' })
    expect((await health()).keks[0]).toMatchObject({ status: 'failed', code: 'ERR_DECRYPTION_FAILED' })
  })

  test('where the canary is of KEKs that it does not accept', async () => {
    const { canary } = await reader()
    const { cipher, kms, clock } = setup({ provider: kmsNamed('another') })
    const { status, keks } = await healthCheck(cipher, { clock, canary })()
    expect(status).toBe('failed')
    expect(new Set(keks.map(({ code }) => code))).toEqual(new Set(['ERR_KEK_NOT_ACCEPTED']))
    expect(kms.calls).toEqual([])
  })
})

test('the canary is not taken from the cache of the one who minted it', async () => {
  const { cipher } = setup()
  await mintCanary(cipher)
  expect(cipher.cacheStatistics.keys).toBe(0)
})

test.each(['', '{}', '{', '{"format":"1"}'])('%j is no canary', (canary) => {
  expect(() => healthCheck(setup().cipher, { canary })).toThrow(/"canary" must be the text that mintCanary gave/)
})
