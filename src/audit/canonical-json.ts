<<<<<<< HEAD
import canonicalize from 'canonicalize'

/** Its declarations describe an ES module, which it is not: what is imported is the function itself. */
const serialize = canonicalize as unknown as (value: unknown) => string

/** The canonical form of RFC 8785: equal values are equal text. `value` is made of what JSON has. */
export function canonicalJson(value: unknown): string {
  return serialize(value)
=======
import imported from 'canonicalize'

/** The package exports the function itself, and its types say something else. */
const canonicalize = imported as unknown as (value: unknown) => string | undefined

/** RFC 8785, for digests. Throws a `TypeError` for what is no JSON. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('expected a value of JSON')
  return text
>>>>>>> 7320764 (Reports for compliance reviewers: key inventory, rotations, access, key states, unaccounted, integrity, retention, clock, control failures, denied, coverage)
}
