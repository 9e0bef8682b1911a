import canonicalize from 'canonicalize'

/** Its declarations describe an ES module, which it is not: what is imported is the function itself. */
const serialize = canonicalize as unknown as (value: unknown) => string | undefined

/** The canonical form of RFC 8785: equal values are equal text. Throws a `TypeError` for what is no JSON. */
export function canonicalJson(value: unknown): string {
  const text = serialize(value)
  if (text === undefined) throw new TypeError('expected a value of JSON')
  return text
}
