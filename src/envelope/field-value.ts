import { isUtf8 } from 'node:buffer'
import { isDeepStrictEqual } from 'node:util'
import { InvalidEnvelopeError, PlaintextRefusedError } from '../errors.js'
import { MAX_FIELD_BYTES } from './format.js'

/** How the plaintext of a field becomes bytes. Bound into the AAD: a field opens as the kind that it was written as. */
export type FieldKind = 'text' | 'json' | 'bytes'

export const FIELD_KINDS: readonly FieldKind[] = ['text', 'json', 'bytes']

/** A field's logical id and kind. Fixed in the declaration: renaming classes, tables or columns changes neither. */
export interface FieldSpec {
  readonly id: string
  readonly kind: FieldKind
}

/** The bytes of a plaintext, or `PlaintextRefusedError` for a value that would not come back as it is. */
export function encodeValue({ id, kind }: FieldSpec, value: unknown): Uint8Array {
  const bytes = encoders[kind](value, (expected) => {
    return new PlaintextRefusedError(`field "${id}": expected ${expected}, found ${describe(value)}`)
  })
  if (bytes.length > MAX_FIELD_BYTES) {
    throw new PlaintextRefusedError(`field "${id}": a value has at most ${MAX_FIELD_BYTES} bytes, found ${bytes.length}`)
  }
  return bytes
}

export function decodeValue({ id, kind }: FieldSpec, bytes: Buffer): unknown {
  return decoders[kind](bytes, () => new InvalidEnvelopeError(`field "${id}": the plaintext is not valid ${kind}`))
}

/** Whether two plaintexts would be stored as the same bytes. */
export function sameValue(kind: FieldKind, a: unknown, b: unknown): boolean {
  if (kind === 'bytes' && a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0
  return a === b || (kind === 'json' && isDeepStrictEqual(a, b))
}

type Refuse = (expected: string) => PlaintextRefusedError

const encoders: Record<FieldKind, (value: unknown, refuse: Refuse) => Uint8Array> = {
  text(value, refuse) {
    // A lone surrogate would be stored as U+FFFD and read back as something else.
    if (typeof value !== 'string' || !value.isWellFormed()) throw refuse('a string of well-formed Unicode')
    return Buffer.from(value, 'utf8')
  },
  json(value, refuse) {
    const expected = 'a value that equals its own JSON round trip (no Date, NaN, -0, undefined or class instance)'
    let text: string | undefined
    try {
      text = JSON.stringify(value)
    } catch {
      throw refuse(expected)
    }
    if (text === undefined || !isDeepStrictEqual(JSON.parse(text), value)) throw refuse(expected)
    return Buffer.from(text, 'utf8')
  },
  bytes(value, refuse) {
    if (!(value instanceof Uint8Array)) throw refuse('a Uint8Array')
    return value
  },
}

const decoders: Record<FieldKind, (bytes: Buffer, invalid: () => InvalidEnvelopeError) => unknown> = {
  text(bytes, invalid) {
    if (!isUtf8(bytes)) throw invalid()
    // Not TextDecoder: it drops a byte order mark.
    const text = bytes.toString('utf8')
    bytes.fill(0)
    return text
  },
  json(bytes, invalid) {
    try {
      return JSON.parse(decoders.text(bytes, invalid) as string)
    } catch {
      throw invalid()
    }
  },
  bytes: (bytes) => bytes,
}

/** The type of a value, for messages; never the value. */
function describe(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return 'a string with a lone surrogate'
  if (typeof value !== 'object') return typeof value === 'number' ? 'a number' : `a ${typeof value}`
  return `an object of class ${value.constructor?.name ?? 'none'}`
}
