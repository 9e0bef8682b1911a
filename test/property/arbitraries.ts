import fc from 'fast-check'
import type { EnvelopeBinding } from '../../src/envelope/binding.js'
import type { FieldKind, FieldSpec } from '../../src/envelope/field-value.js'

/** Well-formed Unicode of every plane, lengths around the edges included. */
export const unicode = fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => text.isWellFormed())

const pairName = fc.stringMatching(/^[a-z0-9-]{1,12}$/).filter((name) => !name.startsWith('waxseal-'))

export const binding: fc.Arbitrary<EnvelopeBinding> = fc.record(
  { entity: unicode, row: unicode, context: fc.dictionary(pairName, unicode, { maxKeys: 4 }) },
  { requiredKeys: ['entity', 'context'] },
)

export const fieldSpec: fc.Arbitrary<FieldSpec> = fc.record({
  id: unicode,
  kind: fc.constantFrom<FieldKind>('text', 'json', 'bytes'),
})

/** Values that JSON carries: `-0` is not among them, `__proto__` as a name is. */
export const json = fc.jsonValue({ stringUnit: 'binary', maxDepth: 4 }).filter((value) => !hasNegativeZero(value))

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array))

/** A field and a value of its kind. */
export const fieldValue = fc.tuple(fieldSpec, unicode, json, bytes).map(([field, text, value, binary]) => ({
  field,
  value: { text, json: value, bytes: binary }[field.kind] as unknown,
}))

function hasNegativeZero(value: unknown): boolean {
  if (Object.is(value, -0)) return true
  return typeof value === 'object' && value !== null && Object.values(value).some(hasNegativeZero)
}
