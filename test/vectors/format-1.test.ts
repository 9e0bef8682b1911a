import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { aadOf, envelopeAad } from '../../src/envelope/aad.js'
import { decrypt } from '../../src/envelope/aead.js'
import { type EnvelopeBinding, encryptionContextOf, rowOf } from '../../src/envelope/binding.js'
import { commitmentOf } from '../../src/envelope/commitment.js'
import { formatBytes, formatText, parseBytes, parseText } from '../../src/envelope/encrypted-field.js'
import { EnvelopeCipher } from '../../src/envelope/envelope-cipher.js'
import { encodeValue, type FieldSpec } from '../../src/envelope/field-value.js'
import { metadataFromJson, metadataToJson } from '../../src/envelope/metadata-codec.js'
import { OpenEnvelope } from '../../src/envelope/open-envelope.js'
import { isWaxsealError } from '../../src/errors.js'
import { canonicalContext } from '../../src/kms/context.js'
import { DataKey } from '../../src/kms/data-key.js'
import { VectorKms } from './vector-kms.js'

const folder = new URL('.', import.meta.url)
const file = readFileSync(new URL('format-1.json', folder), 'utf8')
const vectors = JSON.parse(file)
const cipher = new EnvelopeCipher({ provider: new VectorKms(vectors.kek), cache: false })

interface Attempt {
  readonly name: string
  readonly binding: EnvelopeBinding
  readonly metadata: unknown
  readonly field: FieldSpec
  readonly text: string
}

async function read({ binding, metadata, field, text }: Attempt): Promise<unknown> {
  const encrypted = parseText(text)
  return (await cipher.open(metadataFromJson(metadata), binding)).decryptField(field, encrypted)
}

async function codeOf(call: () => unknown): Promise<string | undefined> {
  try {
    await call()
    return undefined
  } catch (error) {
    return isWaxsealError(error) ? error.code : String(error)
  }
}

const hex = (text: string) => Buffer.from(text, 'hex')
const valueOf = ({ kind, value }: { kind: string; value: any }) => (kind === 'bytes' ? hex(value) : value)

describe('the file', () => {
  test('is frozen: whoever changes it changes a format that rows are stored in', () => {
    const frozen = '5717c8532fb612c9338db104a873cf2198bdd8fd57ab075cf102d9cf55b25bf2'
    expect(createHash('sha256').update(file).digest('hex')).toBe(frozen)
  })

  test('is what its generator writes, which shares no code with the library', () => {
    const generator = fileURLToPath(new URL('generate.js', folder))
    expect(execFileSync(process.execPath, [generator], { encoding: 'utf8' }) === file).toBe(true)
    const parts = readdirSync(folder).filter((name) => name.endsWith('.js'))
    const imports = parts.flatMap((name) => readFileSync(new URL(name, folder), 'utf8').match(/from '[^']*'/g) ?? [])
    expect(imports.filter((each) => !/^from '(node:crypto|\.\/[a-z-]+\.js)'$/.test(each))).toEqual([])
    expect(imports.length).toBeGreaterThan(parts.length)
  })

  test('holds every shape, kind of value and way to be bound', () => {
    const { envelopes, otherMetadata } = vectors
    const states = [...envelopes, ...otherMetadata].map(
      ({ metadata, json }) => metadataFromJson(metadata ?? json).state,
    )
    expect(new Set(states)).toEqual(new Set(['wrapped', 'empty', 'shredded']))
    const fields = envelopes.flatMap((envelope: any) => envelope.fields)
    expect(new Set(fields.map(({ kind }: FieldSpec) => kind))).toEqual(new Set(['text', 'json', 'bytes']))
    expect([envelopes.length, fields.length]).toEqual([9, 23])
    const { text, bytea, metadata, plaintext } = vectors.invalid
    expect([text, bytea, metadata, plaintext, vectors.doesNotOpen].map(({ length }) => length)).toEqual([
      29, 6, 107, 8, 28,
    ])
  })
})

for (const envelope of vectors.envelopes) {
  const { name, binding, metadata } = envelope
  const dataKey = () => DataKey.adopt(hex(envelope.dataKey))

  describe(`envelope: ${name}`, () => {
    test('has the context, the commitment and the metadata that we make', () => {
      const context = encryptionContextOf(binding, hex(envelope.id).toString('base64url'))
      expect(context).toEqual(envelope.encryptionContext)
      expect(canonicalContext(context).toString('hex')).toBe(envelope.canonicalContext)
      expect(commitmentOf(dataKey(), hex(envelope.id))).toBe(hex(envelope.commitment).toString('base64url'))
      expect(metadataToJson(metadataFromJson(metadata))).toEqual(metadata)
    })

    for (const field of envelope.fields) {
      test(`opens ${field.name}`, async () => {
        const aad = aadOf(field, envelopeAad(hex(envelope.id), hex(envelope.commitment), hex(envelope.canonicalContext)))
        expect(aad.toString('hex')).toBe(field.aad)
        expect(Buffer.from(encodeValue(field, valueOf(field))).toString('hex')).toBe(field.plaintext)

        const fromText = parseText(field.text)
        expect(fromText.bytes.toString('hex')).toBe(field.iv + field.ciphertext + field.tag)
        expect(parseBytes(hex(field.bytea))).toEqual(fromText)
        expect([formatText(fromText), formatBytes(fromText).toString('hex')]).toEqual([field.text, field.bytea])

        const opened = await cipher.open(metadataFromJson(metadata), binding)
        assert.deepEqual(opened.decryptField(field, fromText), valueOf(field))
        const wrapped = metadataFromJson(metadata)
        assert(wrapped.state === 'wrapped')
        assert.deepEqual(new OpenEnvelope(wrapped, binding, dataKey()).decryptField(field, fromText), valueOf(field))
      })
    }
  })
}

describe('spellings', () => {
  for (const { columns, row } of vectors.rows) {
    test(`the row of ${JSON.stringify(columns)}`, () => {
      expect(rowOf(columns)).toBe(row)
    })
  }

  for (const { context, canonical } of vectors.contexts) {
    test(`the context with the names ${JSON.stringify(Object.keys(context))}`, () => {
      expect(canonicalContext(context).toString('hex')).toBe(canonical)
    })
  }

  test('the canonical context that docs/format.md shows', () => {
    const page = readFileSync(new URL('../../docs/format.md', folder), 'utf8')
    const [, context, bytes] = page.match(/^(\{ "tenant": .* \})\n([0-9a-f ]+)$/m)!
    expect(canonicalContext(JSON.parse(context!)).toString('hex')).toBe(bytes!.replaceAll(' ', ''))
  })

  for (const { name, state, json } of vectors.otherMetadata) {
    test(`${name} metadata`, () => {
      expect(metadataFromJson(json).state).toBe(state)
      expect(metadataToJson(metadataFromJson(json))).toEqual(json)
    })
  }
})

describe('is invalid', () => {
  for (const { name, text } of vectors.invalid.text) {
    test(`text column: ${name}`, async () => {
      expect(await codeOf(() => parseText(text))).toBe('ERR_INVALID_ENVELOPE')
    })
  }

  for (const { name, bytea } of vectors.invalid.bytea) {
    test(`bytea column: ${name}`, async () => {
      expect(await codeOf(() => parseBytes(hex(bytea)))).toBe('ERR_INVALID_ENVELOPE')
    })
  }

  for (const { name, json } of vectors.invalid.metadata) {
    test(`metadata: ${name}`, async () => {
      expect(await codeOf(() => metadataFromJson(json))).toBe('ERR_INVALID_ENVELOPE')
    })
  }

  for (const attempt of vectors.invalid.plaintext as Attempt[]) {
    test(`plaintext: ${attempt.name}`, async () => {
      expect(await codeOf(() => read(attempt))).toBe('ERR_INVALID_ENVELOPE')
    })
  }
})

describe('does not open', () => {
  for (const attempt of vectors.doesNotOpen as Attempt[]) {
    test(attempt.name, async () => {
      expect(await codeOf(() => read(attempt))).toMatch(/^ERR_(DECRYPTION_FAILED|KEK_NOT_ACCEPTED)$/)
    })
  }
})

describe('still opens, since nothing binds it', () => {
  for (const attempt of vectors.stillOpens as Attempt[]) {
    test(attempt.name, async () => {
      expect(await read(attempt)).toBe('correct horse battery staple')
    })
  }
})

describe('one ciphertext that verifies under two data keys', () => {
  const { field, bytes, opens, doesNotOpen } = vectors.twoKeys
  const [main, other] = vectors.envelopes

  test('is one: AES-GCM alone opens it under both', () => {
    const under = [main, other].map(({ dataKey, id, commitment, canonicalContext: context }) => {
      const aad = aadOf(field, envelopeAad(hex(id), hex(commitment), hex(context)))
      return decrypt(DataKey.adopt(hex(dataKey)).keyObject, aad, hex(bytes)).toString('hex')
    })
    expect(under.map((plaintext) => plaintext.length)).toEqual([64, 64])
    expect(under[0]).not.toBe(under[1])
  })

  test('opens under the metadata whose commitment stands in the field, and not under the other', async () => {
    for (const attempt of opens) expect(await codeOf(() => read({ field, ...attempt }))).toBe(undefined)
    for (const attempt of doesNotOpen)
      expect(await codeOf(() => read({ field, ...attempt }))).toBe('ERR_DECRYPTION_FAILED')
  })
})
