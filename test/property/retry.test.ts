import assert from 'node:assert/strict'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { encodeValue } from '../../src/envelope/field-value.js'
import {
  answerWithOtherDataKey,
  deny,
  type Fault,
  loseReply,
  throttle,
  truncateWrapped,
} from '../../src/testing/faults.js'
import type { FaultyProvider } from '../../src/testing/faulty-provider.js'
import { kmsNamed, setup } from '../unit/envelope/fixtures.js'
import { binding, fieldValue } from './arbitraries.js'

/** What happens to the next calls, whichever they are; after the last one all go well. */
const FATES: Record<string, Fault> = {
  well: {},
  'no answer': throttle(),
  refused: deny(),
  'answer lost': loseReply(),
  'another data key': answerWithOtherDataKey(),
  'wrapped key cut off': truncateWrapped(),
}
const fates = fc.array(fc.constantFrom(...Object.keys(FATES)), { maxLength: 8 })
// An insert is one call and proves nothing by a second one: that a KMS wraps what it says is up to the provider.
const honestFates = fates.map((plan) =>
  plan.filter((fate) => !['another data key', 'wrapped key cut off'].includes(fate)),
)

/** Deals the fates out in turn. */
function suffer(kms: readonly FaultyProvider[], plan: readonly string[]): void {
  for (const { faults } of kms) faults.clear()
  for (const [index, fate] of plan.entries()) kms[index % kms.length]!.faults.inject(FATES[fate]!, { times: 1 })
}

async function untilItWorks<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; tries < 20; tries++) {
    try {
      return await attempt()
    } catch {
      // Again: that is what is tested.
    }
  }
  return attempt()
}

test('a write that is retried after any failure encrypts the value once, and leaves it as it was', async () => {
  const fields = fc.array(fieldValue, { minLength: 1, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(binding, fields, honestFates, fc.nat(2), async (to, written, plan, failures) => {
      const kms = [kmsNamed('first'), kmsNamed('second')]
      const { cipher } = setup({ provider: kms[0]!, recipients: [kms[1]!] })
      const before = structuredClone(written)
      suffer(kms, plan)
      let left = failures
      const stored = await untilItWorks(async () => {
        const envelope = await cipher.mint(to)
        const encrypted = written.map(({ field, value }) => envelope.encryptField(field, value))
        if (left-- > 0) throw new Error('the statement failed, after everything was encrypted')
        return { metadata: envelope.metadata, encrypted }
      })
      assert.deepEqual(structuredClone(written), before)
      suffer(kms, [])
      const opened = await setup({ provider: kms[1]!, cache: false }).cipher.open(stored.metadata, to)
      for (const [index, { field, value }] of written.entries()) {
        const encrypted = stored.encrypted[index]!
        expect(encrypted.bytes.length).toBe(28 + encodeValue(field, value).length)
        assert.deepEqual(opened.decryptField(field, encrypted), value)
      }
    }),
    { numRuns: 200 },
  )
})

test('a rewrap that is retried after any failure loses nothing and touches no ciphertext', async () => {
  await fc.assert(
    fc.asyncProperty(binding, fieldValue, fates, fc.boolean(), async (to, { field, value }, plan, cached) => {
      const [first, second, third] = [kmsNamed('first'), kmsNamed('second'), kmsNamed('third')]
      const before = setup({ provider: first, recipients: [second] })
      const envelope = await before.cipher.mint(to)
      const stored = envelope.encryptField(field, value)
      const bytes = Buffer.from(stored.bytes)
      first.kms.rotate()
      const { cipher } = setup({
        provider: first,
        recipients: [third],
        accepted: [{ provider: second }],
        ...(!cached && { cache: false }),
      })
      suffer([first, second, third], plan)
      const next = await untilItWorks(() => cipher.rewrap(envelope.metadata, to))
      suffer([first, second, third], [])
      expect([next.wrap, next.wraps.map(({ kek }) => `${kek.provider} ${kek.version}`)]).toEqual([
        2,
        ['first 2', 'third 1'],
      ])
      for (const provider of [first, third]) {
        const opened = await setup({ provider, cache: false }).cipher.open(next, to)
        assert.deepEqual(opened.decryptField(field, stored), value)
      }
      expect(stored.bytes.equals(bytes)).toBe(true)
    }),
    { numRuns: 200 },
  )
})

test('a read that is retried after any failure gives the value, and a wrong answer never stays', async () => {
  await fc.assert(
    fc.asyncProperty(binding, fieldValue, fates, async (to, { field, value }, plan) => {
      const { cipher, kms } = setup()
      const envelope = await cipher.mint(to)
      const stored = envelope.encryptField(field, value)
      cipher.forgetAll()
      suffer([kms], plan)
      const opened = await untilItWorks(() => cipher.open(envelope.metadata, to))
      assert.deepEqual(opened.decryptField(field, stored), value)
      assert.deepEqual(cipher.openCached(envelope.metadata, to)?.decryptField(field, stored), value)
    }),
    { numRuns: 200 },
  )
})
