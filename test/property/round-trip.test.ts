import assert from 'node:assert/strict'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { formatBytes, formatText, parseBytes, parseText } from '../../src/envelope/encrypted-field.js'
import { metadataFromJson, metadataToJson } from '../../src/envelope/metadata-codec.js'
import type { FaultyProvider } from '../../src/testing/faulty-provider.js'
import { kmsNamed, setup } from '../unit/envelope/fixtures.js'
import { binding, fieldValue } from './arbitraries.js'

test('what was encrypted comes back, through both columns and any wrap', async () => {
  const recipients = [kmsNamed('second'), kmsNamed('third')]
  const { cipher } = setup({ recipients })
  const reader = setup({ provider: recipients[1]!, cache: false }).cipher
  await fc.assert(
    fc.asyncProperty(binding, fc.array(fieldValue, { minLength: 1, maxLength: 4 }), async (to, fields) => {
      const written = await cipher.mint(to)
      const stored = JSON.stringify(metadataToJson(written.metadata))
      const texts = fields.map(({ field, value }) => formatText(written.encryptField(field, value)))
      const opened = await reader.open(metadataFromJson(JSON.parse(stored)), to)
      for (const [index, { field, value }] of fields.entries()) {
        const parsed = parseText(texts[index]!)
        assert.deepEqual(opened.decryptField(field, parsed), value)
        assert.deepEqual(opened.decryptField(field, parseBytes(formatBytes(parsed))), value)
      }
    }),
    { numRuns: 300 },
  )
})

test('any number of rewraps leaves every ciphertext as it was, and readable', async () => {
  const step = fc.constantFrom('rotate', 'move', 'add', 'drop', 'nothing')
  await fc.assert(
    fc.asyncProperty(binding, fieldValue, fc.array(step, { maxLength: 8 }), async (to, { field, value }, steps) => {
      const all = [kmsNamed('first')]
      let recipients: FaultyProvider[] = []
      const cipherNow = () => {
        const accepted = all.map((provider) => ({ provider }))
        return setup({ provider: all.at(-1)!, recipients, accepted, cache: false }).cipher
      }
      const envelope = await cipherNow().mint(to)
      const stored = envelope.encryptField(field, value)
      const bytes = Buffer.from(stored.bytes)
      let { metadata } = envelope
      for (const next of steps) {
        if (next === 'rotate') all.at(-1)!.kms.rotate()
        if (next === 'move') all.push(kmsNamed(`kms-${all.length}`))
        if (next === 'add') recipients = [...recipients, kmsNamed(`recipient-${recipients.length}`)].slice(0, 7)
        if (next === 'drop') recipients = recipients.slice(1)
        const { wrap } = metadata
        const isStale = await cipherNow().isStale(metadata, to)
        metadata = await cipherNow().rewrap(metadata, to)
        expect(metadata.wrap).toBe(isStale ? wrap + 1 : wrap)
        expect([metadata.id, metadata.commitment]).toEqual([envelope.metadata.id, envelope.metadata.commitment])
        assert.deepEqual((await cipherNow().open(metadata, to)).decryptField(field, stored), value)
      }
      expect(stored.bytes.equals(bytes)).toBe(true)
    }),
  )
})
