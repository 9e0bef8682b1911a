import { describe, expect, test } from '@jest/globals'
import type { WrappedMetadata } from '../../../src/envelope/metadata.js'
import { answerWithOtherDataKey, type Fault, hang, throttle } from '../../../src/testing/faults.js'
import { binding, callsOf, codeOf, kmsNamed, password, secret, setup, store, withWraps } from './fixtures.js'

const stranger = { ...binding, context: { tenant: 'tenant-2' } }
const kekOf = (change: object) => (metadata: WrappedMetadata) =>
  withWraps(metadata, ({ kek }) => ({ kek: { ...kek, ...change } }))

describe('open', () => {
  test('gives back what was encrypted, with one unwrap and then none', async () => {
    const { cipher: writer, kms } = setup()
    const value = secret()
    const { metadata, field } = await store(writer, value)
    const { cipher } = setup({ provider: kms })
    kms.clearCalls()
    expect((await cipher.open(metadata, binding)).decryptField(password, field)).toBe(value)
    expect((await cipher.open(metadata, binding)).decryptField(password, field)).toBe(value)
    expect(callsOf(kms)).toEqual([['unwrap']])
  })

  for (const [what, to] of [
    ['another tenant', stranger],
    ['another row', { ...binding, row: 'another' }],
    ['a row that is not bound', { entity: binding.entity, context: binding.context }],
    ['another entity', { ...binding, entity: 'other' }],
    ['one pair more', { ...binding, context: { ...binding.context, region: 'eu' } }],
    ['no pair', { ...binding, context: {} }],
  ] as const) {
    test(`in ${what} is refused by the KMS, and by the fields if a KMS did not bind`, async () => {
      const { cipher, kms } = setup({ cache: false })
      const { metadata, field } = await store(cipher)
      expect(await codeOf(() => cipher.open(metadata, to))).toBe('ERR_DECRYPTION_FAILED')
      // A KMS that unwraps whatever it is given, as one does that binds no context.
      let plaintext: Uint8Array = new Uint8Array()
      const keep: Fault = {
        answer(answer) {
          plaintext = Buffer.from(answer.plaintext!)
          return answer
        },
      }
      kms.faults.inject(keep, { times: 1 })
      await cipher.open(metadata, binding)
      kms.faults.inject({ transport: async () => ({ plaintext }) as never })
      const opened = await cipher.open(metadata, to)
      expect(await codeOf(() => opened.decryptField(password, field))).toBe('ERR_DECRYPTION_FAILED')
    })
  }

  test('with another id does not open: the KMS binds it', async () => {
    const { cipher } = setup({ cache: false })
    const [one, two] = await Promise.all([store(cipher), store(cipher)])
    expect(await codeOf(() => cipher.open({ ...one.metadata, id: two.metadata.id }, binding))).toBe(
      'ERR_DECRYPTION_FAILED',
    )
  })

  test('refuses another tenant than the expected one before any call, and when the data key is cached', async () => {
    const { cipher, kms } = setup()
    const { metadata } = await store(cipher)
    const expected = { expectedContext: { tenant: 'tenant-2' } }
    kms.clearCalls()
    expect(await codeOf(() => cipher.open(metadata, binding, expected))).toBe('ERR_DECRYPTION_FAILED')
    expect(await codeOf(() => cipher.openCached(metadata, binding, expected))).toBe('ERR_DECRYPTION_FAILED')
    cipher.forgetAll()
    expect(await codeOf(() => cipher.open(metadata, binding, expected))).toBe('ERR_DECRYPTION_FAILED')
    expect(callsOf(kms)).toEqual([[]])
    expect(await codeOf(() => cipher.open(metadata, binding, { expectedContext: binding.context }))).toBe(undefined)
  })

  test('an empty and a shredded envelope have an error of their own, and no call is made', async () => {
    const { cipher, kms } = setup()
    const { metadata } = await store(cipher)
    const { id, commitment } = metadata
    kms.clearCalls()
    const shredded = { state: 'shredded', id, commitment, receipt: 'receipt-7' } as const
    expect(await codeOf(() => cipher.open({ state: 'empty' }, binding))).toBe('ERR_INVALID_ENVELOPE')
    expect(await codeOf(() => cipher.open(shredded, binding))).toBe('ERR_CREDENTIAL_SHREDDED')
    await expect(cipher.open(shredded, binding)).rejects.toThrow('receipt-7')
    expect(callsOf(kms)).toEqual([[]])
  })

  test('a reply under another data key is refused, and not cached', async () => {
    const { cipher, kms } = setup()
    const { metadata, field } = await store(cipher, 'right')
    cipher.forgetAll()
    kms.faults.inject(answerWithOtherDataKey())
    expect(await codeOf(() => cipher.open(metadata, binding))).toBe('ERR_DECRYPTION_FAILED')
    expect(cipher.openCached(metadata, binding)).toBe(undefined)
    kms.faults.clear()
    expect((await cipher.open(metadata, binding)).decryptField(password, field)).toBe('right')
  })

  test('hands the call token and the listener for replies to the call that it makes', async () => {
    const { cipher, kms } = setup({ cache: false })
    const { metadata } = await store(cipher)
    const seen: string[] = []
    kms.clearCalls()
    await cipher.open(metadata, binding, { callToken: 'token-1', onReply: ({ status }) => seen.push(status) })
    expect([seen, kms.calls.map(({ callToken }) => callToken)]).toEqual([['OK'], ['token-1']])
  })
})

describe('the KEK list', () => {
  for (const [what, change] of [
    ['provider', { provider: 'other' }],
    ['KEK', { id: 'kek-z' }],
  ] as const) {
    test(`refuses another ${what} than the configured one without any call`, async () => {
      const { cipher, kms } = setup()
      const { metadata } = await store(cipher)
      kms.clearCalls()
      expect(await codeOf(() => cipher.open(kekOf(change)(metadata), binding))).toBe('ERR_KEK_NOT_ACCEPTED')
      expect(callsOf(kms)).toEqual([[]])
    })
  }

  test('names the KEK that was found and the remedy', async () => {
    const { cipher } = setup()
    const { metadata } = await store(cipher)
    await expect(cipher.open(kekOf({ provider: 'other', version: '' })(metadata), binding)).rejects.toThrow(
      /other:kek-a@unknown version.*"accepted"/,
    )
  })

  test('passes over wraps that are not on it', async () => {
    const old = kmsNamed('old')
    const { cipher: writer, kms } = setup({ recipients: [old] })
    const { metadata, field } = await store(writer, 'kept')
    const { cipher } = setup({ provider: old })
    kms.clearCalls()
    expect((await cipher.open(metadata, binding)).decryptField(password, field)).toBe('kept')
    expect(callsOf(kms)).toEqual([[]])
  })

  describe('accepts', () => {
    const reader = async (kek?: { id: string; version?: string }) => {
      const old = kmsNamed('old', 'kek-old')
      const stored = await store(setup({ provider: old }).cipher)
      old.clearCalls()
      const { cipher } = setup({ accepted: [{ provider: old, ...(kek && { kek }) }] })
      return { code: await codeOf(() => cipher.open(stored.metadata, binding)), calls: callsOf(old)[0] }
    }

    test('all KEKs of a provider when none is named', async () => {
      expect(await reader()).toEqual({ code: undefined, calls: ['unwrap'] })
    })
    test('every version of a KEK when none is named', async () => {
      expect(await reader({ id: 'kek-old' })).toEqual({ code: undefined, calls: ['unwrap'] })
    })
    test('the version that is named', async () => {
      expect(await reader({ id: 'kek-old', version: '1' })).toEqual({ code: undefined, calls: ['unwrap'] })
    })
    test('no other version', async () => {
      expect(await reader({ id: 'kek-old', version: '2' })).toEqual({ code: 'ERR_KEK_NOT_ACCEPTED', calls: [] })
    })
    test('no other KEK', async () => {
      expect(await reader({ id: 'kek-z' })).toEqual({ code: 'ERR_KEK_NOT_ACCEPTED', calls: [] })
    })
  })

  for (const [what, name] of [
    ['of another name', 'old'],
    // Two KEKs of one cloud: the provider that is current has the same name and refuses the old KEK by itself.
    ['of the same name as the current provider', 'small'],
  ] as const) {
    test(`ends the acceptance of a KEK ${what} at its time, although the data key is cached`, async () => {
      const old = kmsNamed(name, 'kek-old')
      const { metadata, field } = await store(setup({ provider: old }).cipher, 'kept')
      const { cipher, clock } = setup()
      const until = new Date(clock.now() + 60_000)
      const moved = setup({ accepted: [{ provider: old, kek: { id: 'kek-old' }, until }], clock })
      expect((await moved.cipher.open(metadata, binding)).decryptField(password, field)).toBe('kept')
      await clock.advance(59_999)
      expect(await codeOf(() => moved.cipher.open(metadata, binding))).toBe(undefined)
      expect(moved.cipher.openCached(metadata, binding)).toBeDefined()
      await clock.advance(1)
      old.clearCalls()
      expect(await codeOf(() => moved.cipher.open(metadata, binding))).toBe('ERR_KEK_NOT_ACCEPTED')
      expect(await codeOf(() => moved.cipher.openCached(metadata, binding) ?? cipher.open(metadata, binding))).toBe(
        'ERR_KEK_NOT_ACCEPTED',
      )
      expect(callsOf(old)).toEqual([[]])
    })
  }

  test('a data key that came through an accepted KEK is not kept for a wrap that never opened', async () => {
    const old = kmsNamed('old', 'kek-old')
    const { metadata } = await store(setup({ recipients: [old] }).cipher)
    const { cipher, clock, kms } = setup()
    const until = new Date(clock.now() + 1_000)
    // The same name and KEK, and other key material: the first wrap is not ours to open.
    const moved = setup({ provider: kms, accepted: [{ provider: old, until }], clock })
    expect(await codeOf(() => cipher.open(metadata, binding))).toBe('ERR_DECRYPTION_FAILED')
    expect(await codeOf(() => moved.cipher.open(metadata, binding))).toBe(undefined)
    await clock.advance(1_000)
    expect(await codeOf(() => moved.cipher.open(metadata, binding))).toBe('ERR_DECRYPTION_FAILED')
  })
})

describe('several wraps', () => {
  const three = async () => {
    const [second, third] = [kmsNamed('second'), kmsNamed('third')]
    const { cipher, kms, clock } = setup({ recipients: [second, third], cache: false })
    const stored = await store(cipher, 'kept')
    for (const each of [kms, second, third]) each.clearCalls()
    return { cipher, clock, kms, second, third, ...stored }
  }

  test('are tried in their order until one opens', async () => {
    const { cipher, kms, second, third, metadata } = await three()
    expect(await codeOf(() => cipher.open(metadata, binding))).toBe(undefined)
    expect([kms, second, third].map(({ calls }) => calls.length)).toEqual([1, 0, 0])
    kms.kms.disable('1')
    expect(await codeOf(() => cipher.open(metadata, binding))).toBe(undefined)
    expect([kms, second, third].map(({ calls }) => calls.length)).toEqual([2, 1, 0])
    const reversed = { ...metadata, wraps: metadata.wraps.toReversed() }
    expect(await codeOf(() => cipher.open(reversed, binding))).toBe(undefined)
    expect([kms, second, third].map(({ calls }) => calls.length)).toEqual([2, 1, 1])
  })

  test('a first KMS that gives another key is passed over', async () => {
    const { cipher, kms, metadata, field } = await three()
    kms.faults.inject(answerWithOtherDataKey())
    expect((await cipher.open(metadata, binding)).decryptField(password, field)).toBe('kept')
  })

  test('when none opens, the failure of the first is told', async () => {
    const { cipher, kms, second, third, metadata } = await three()
    kms.faults.inject(throttle())
    for (const each of [second, third]) each.kms.disable('1')
    expect(await codeOf(() => cipher.open(metadata, binding))).toBe('ERR_KMS_UNAVAILABLE')
  })

  test('the failure that is told is of a provider that is responsible, not of one of the same name that is not', async () => {
    const old = kmsNamed('small', 'kek-old')
    const { metadata } = await store(setup({ provider: old }).cipher)
    old.kms.disable('1')
    const { cipher } = setup({ accepted: [{ provider: old }] })
    expect(await codeOf(() => cipher.open(metadata, binding))).toBe('ERR_KEK_UNAVAILABLE')
  })

  for (const [what, deadline] of [
    ['the default of 5 seconds', undefined],
    ['a caller who waits for one second', 1_000],
    ['a caller who waits for a minute', 60_000],
  ] as const) {
    test(`a first and a second KMS that hang leave time for the third, with ${what}`, async () => {
      const { cipher, clock, kms, second, metadata, field } = await three()
      for (const each of [kms, second]) each.faults.inject(hang({ deaf: true }))
      const started = clock.now()
      const options = deadline === undefined ? {} : { deadline: started + deadline }
      const found: string[] = []
      void cipher.open(metadata, binding, options).then((opened) => {
        found.push(opened.decryptField(password, field) as string)
      })
      await clock.advance((deadline ?? 5_000) * 0.67)
      expect(found).toEqual(['kept'])
      expect(clock.now()).toBeLessThan(started + (deadline ?? 5_000))
    })
  }

  test('one provider that is named twice is asked once', async () => {
    const kms = kmsNamed('small')
    const { metadata } = await store(setup({ provider: kms }).cipher)
    const { cipher } = setup({ provider: kms, accepted: [{ provider: kms }, { provider: kms, kek: { id: 'kek-a' } }] })
    kms.clearCalls()
    kms.kms.disable('1')
    expect(await codeOf(() => cipher.open(metadata, binding))).toBe('ERR_KEK_UNAVAILABLE')
    expect(callsOf(kms)).toEqual([['unwrap']])
  })
})
