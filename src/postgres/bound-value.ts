import { ConfigurationError } from '../errors.js'

/** The types of columns that an envelope can be bound to: those whose value has one spelling everywhere. */
export type BoundType = 'uuid' | 'integer' | 'text'

export const BOUND_TYPES: readonly BoundType[] = ['uuid', 'integer', 'text']

/**
 * The spelling of a value in the encryption context: uuid in lower case (as Postgres prints it), integers in decimal,
 * text exactly. Must not change: stored envelopes are bound to it.
 */
export function spellBound(type: BoundType, value: unknown, where: string): string {
  const spelt = value === null || value === undefined ? undefined : spellings[type](value)
  if (spelt === undefined) {
    throw new ConfigurationError(`${where}: expected ${expected[type]} to bind the envelope to, found ${found(value)}`)
  }
  return spelt
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const INTEGER = /^(0|-?[1-9]\d*)$/

const spellings: Record<BoundType, (value: unknown) => string | undefined> = {
  uuid(value) {
    const text = typeof value === 'string' ? value.toLowerCase() : ''
    return UUID.test(text) ? text : undefined
  },
  integer(value) {
    if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value === 0 ? 0 : value) : undefined
    const text = typeof value === 'bigint' ? String(value) : value
    return typeof text === 'string' && INTEGER.test(text) ? text : undefined
  },
  text: (value) => (typeof value === 'string' && value.isWellFormed() ? value : undefined),
}

const expected: Record<BoundType, string> = {
  uuid: 'a uuid',
  integer: 'an integer',
  text: 'a string of well-formed Unicode',
}

/** Values of an encryption context stay out of messages. */
function found(value: unknown): string {
  return value === null || value === undefined
    ? 'none: set it before the write, and load it with the row'
    : 'another value'
}
