import { hash } from 'node:crypto'
import type { JsonObject } from '../../kms/untrusted-json.js'
import { canonicalJson } from '../canonical-json.js'

export interface Digests {
  /** Of the bytes as received. */
  readonly raw: Buffer
  /** Of the RFC 8785 form, the same however the JSON was laid out; null where it has none. */
  readonly canonical: Buffer | null
}

export function digestsOf(raw: string, content?: JsonObject): Digests {
  const canonical = canonicalForm(raw, content)
  return { raw: sha256(raw), canonical: canonical === undefined ? null : sha256(canonical) }
}

const sha256 = (text: string) => hash('sha256', text, 'buffer')

/**
 * Undefined for what is no I-JSON (RFC 7493): a member that stands twice, half a surrogate pair, a whole number that a double
 * does not hold. Two such texts can differ where their canonical forms do not.
 */
function canonicalForm(raw: string, content: JsonObject | undefined): string | undefined {
  try {
    const value: unknown = content ?? JSON.parse(raw)
    const members = membersOf(value)
    const isWhole = content ? !Number.isNaN(members) : members === namesIn(raw)
    return isWhole ? canonicalJson(value) : undefined
  } catch {
    // No JSON, or one that is nested too deep.
    return undefined
  }
}

const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/g

/** How many names of members are written, of valid JSON: outside of strings, each has a colon behind it. */
const namesIn = (text: string) => text.replaceAll(STRING, '').split(':').length - 1

/** How many members there are; NaN, which equals nothing, where there is a value that I-JSON does not have. */
function membersOf(value: unknown): number {
  if (typeof value === 'string') return value.isWellFormed() ? 0 : Number.NaN
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value) ? Number.NaN : 0
  if (typeof value !== 'object' || value === null) return 0
  if (Array.isArray(value)) return sum(value.map(membersOf))
  return sum(Object.entries(value).map(([name, each]) => 1 + membersOf(name) + membersOf(each)))
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)
