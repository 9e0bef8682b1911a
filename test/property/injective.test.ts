import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { aadOf, envelopeAad } from '../../src/envelope/aad.js'
import { type EnvelopeBinding, encryptionContextOf, rowOf } from '../../src/envelope/binding.js'
import type { FieldKind, FieldSpec } from '../../src/envelope/field-value.js'
import { canonicalContext } from '../../src/kms/context.js'
import { binding, fieldSpec, unicode } from './arbitraries.js'

const id = fc.uint8Array({ minLength: 16, maxLength: 16 })
const commitment = fc.uint8Array({ minLength: 32, maxLength: 32 })
const contextOf = (to: EnvelopeBinding, envelope: Uint8Array) =>
  encryptionContextOf(to, Buffer.from(envelope).toString('base64url'))

/** Reads `count` parts, each after its length; what can be read back without doubt was written without collision. */
function partsOf(bytes: Buffer, count: number): { parts: Buffer[]; rest: Buffer } {
  const parts: Buffer[] = []
  let rest = bytes
  while (parts.length < count) {
    const end = 4 + rest.readUInt32BE(0)
    expect(rest.length).toBeGreaterThanOrEqual(end)
    parts.push(rest.subarray(4, end))
    rest = rest.subarray(end)
  }
  return { parts, rest }
}

function readContext(bytes: Buffer): [string, string][] {
  const count = bytes.readUInt32BE(0)
  const { parts, rest } = partsOf(bytes.subarray(4), count * 2)
  expect(rest.length).toBe(0)
  return Array.from({ length: count }, (_, index) => [parts[index * 2]!.toString(), parts[index * 2 + 1]!.toString()])
}

test('a canonical context can be read back into the binding that it was made of', () => {
  fc.assert(
    fc.property(binding, id, (to, envelope) => {
      const pairs = readContext(canonicalContext(contextOf(to, envelope)))
      const names = pairs.map(([name]) => name)
      expect(names).toEqual([...names].sort())
      const {
        'waxseal-entity': entity,
        'waxseal-row': row,
        'waxseal-envelope': made,
        ...context
      } = Object.fromEntries(pairs)
      expect(made).toBe(Buffer.from(envelope).toString('base64url'))
      expect({ entity, ...(row !== undefined && { row }), context }).toEqual(to)
    }),
    { numRuns: 1_000 },
  )
})

test('the order in which pairs were declared makes no difference', () => {
  fc.assert(
    fc.property(binding, id, (to, envelope) => {
      const reversed = { ...to, context: Object.fromEntries(Object.entries(to.context).reverse()) }
      expect(canonicalContext(contextOf(reversed, envelope))).toEqual(canonicalContext(contextOf(to, envelope)))
    }),
  )
})

test('an AAD can be read back into the field, the envelope and the binding that it was made of', () => {
  fc.assert(
    fc.property(fieldSpec, id, commitment, binding, (field, envelope, made, to) => {
      const context = canonicalContext(contextOf(to, envelope))
      const { parts, rest } = partsOf(aadOf(field, envelopeAad(envelope, made, context)), 8)
      expect(rest.length).toBe(0)
      const [name, format, algorithm, fieldId, kind, ...bytes] = parts
      expect([name, algorithm, fieldId, kind].map(String)).toEqual(['waxseal', 'A256GCM', field.id, field.kind])
      expect([format, ...bytes]).toEqual([Buffer.from([1]), Buffer.from(envelope), Buffer.from(made), context])
    }),
    { numRuns: 1_000 },
  )
})

interface Input {
  readonly field: FieldSpec
  readonly envelope: Buffer
  readonly to: EnvelopeBinding
}

test('two different inputs never share an AAD', () => {
  const close = fc.constantFrom('a', 'ab', 'b', '', 'a\0', '\0a')
  const input: fc.Arbitrary<Input> = fc.record({
    field: fc.record({ id: close, kind: fc.constantFrom<FieldKind>('text', 'json', 'bytes') }),
    envelope: fc.constantFrom(Buffer.alloc(16), Buffer.alloc(16, 1)),
    to: fc.record(
      { entity: close, row: close, context: fc.dictionary(fc.constantFrom('a', 'b', 'ab'), close) },
      { requiredKeys: ['entity', 'context'] },
    ),
  })
  const plain = ({ field, envelope, to }: Input) => {
    const pairs = Object.entries(to.context).sort(([a], [b]) => (a < b ? -1 : 1))
    return JSON.stringify([field.id, field.kind, envelope[0], to.entity, to.row ?? null, pairs])
  }
  fc.assert(
    fc.property(input, input, (one, two) => {
      const [a, b] = [one, two].map(({ field, envelope, to }) =>
        aadOf(field, envelopeAad(envelope, Buffer.alloc(32), canonicalContext(contextOf(to, envelope)))),
      )
      expect(a!.equals(b!)).toBe(plain(one) === plain(two))
    }),
    { numRuns: 5_000 },
  )
})

test('a composite row can be read back into its columns', () => {
  fc.assert(
    fc.property(fc.array(unicode, { minLength: 2, maxLength: 5 }), (columns) => {
      expect(JSON.parse(rowOf(columns))).toEqual(columns)
    }),
  )
})
