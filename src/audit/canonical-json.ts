import canonicalize from 'canonicalize'

/** Its declarations describe an ES module, which it is not: what is imported is the function itself. */
const serialize = canonicalize as unknown as (value: unknown) => string

/** The canonical form of RFC 8785: equal values are equal text. `value` is made of what JSON has. */
export function canonicalJson(value: unknown): string {
  return serialize(value)
}
