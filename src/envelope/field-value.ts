import { isUtf8 } from 'node:buffer'
import { isDeepStrictEqual, types } from 'node:util'
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
    if (bytes !== value) bytes.fill(0)
    throw new PlaintextRefusedError(
      `field "${id}": a value has at most ${MAX_FIELD_BYTES} bytes, found ${bytes.length}`,
    )
  }
  return bytes
}

export function decodeValue({ id, kind }: FieldSpec, bytes: Buffer): unknown {
  return decoders[kind](bytes, () => new InvalidEnvelopeError(`field "${id}": the plaintext is not valid ${kind}`))
}

/** Whether two plaintexts are the same value, so that storing one for the other would change nothing. */
export function sameValue(kind: FieldKind, a: unknown, b: unknown): boolean {
  if (kind === 'bytes' && types.isUint8Array(a) && types.isUint8Array(b)) return Buffer.compare(a, b) === 0
  return kind === 'json' ? isSameJson(a, b) : a === b
}

function isSameJson(a: unknown, b: unknown): boolean {
  try {
    return isDeepStrictEqual(a, b) && haveSamePrototypes(a, b)
  } catch {
    // More levels than can be compared; `encodeValue` refuses such.
    return false
  }
}

/**
 * From Node 22 on `isDeepStrictEqual` takes an object that inherits from another plain object for a plain one, and what it
 * inherits would not come back. For two values that are equal otherwise.
 */
function haveSamePrototypes(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || a === null) return true
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  const [from, to] = [a, b] as Record<string, unknown>[]
  return Object.keys(a).every((key) => haveSamePrototypes(from?.[key], to?.[key]))
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
    const text = roundTrippingJson(value)
    if (text === undefined) throw refuse(expected)
    return Buffer.from(text, 'utf8')
  },
  bytes(value, refuse) {
    if (!types.isUint8Array(value)) throw refuse('a Uint8Array')
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

function roundTrippingJson(value: unknown): string | undefined {
  try {
    const text: string | undefined = JSON.stringify(value)
    return text !== undefined && isSameJson(JSON.parse(text), value) ? text : undefined
  } catch {
    // A circle, a bigint, a `toJSON` that throws, or more levels than can be printed.
    return undefined
  }
}

/** The type of a value, for messages; never the value. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'string') return value.isWellFormed() ? 'a string' : 'a string with a lone surrogate'
  if (typeof value !== 'object') return `a ${typeof value}`
  // Not `value.constructor`: that can be a member of the value, and its name part of the secret.
  const made: unknown = Object.getPrototypeOf(value)?.constructor
  return `an object of class ${typeof made === 'function' ? made.name : 'none'}`
}
