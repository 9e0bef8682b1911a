export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/** An object, or an empty one in its place: lines are read without ever asking what they are. */
export function objectAt(value: Json | undefined, ...path: readonly string[]): { readonly [name: string]: Json } {
  const found = path.reduce<Json | undefined>((from, name) => memberOf(from, name), value)
  return typeof found === 'object' && found !== null && !Array.isArray(found)
    ? (found as { readonly [name: string]: Json })
    : {}
}

export function textAt(value: Json | undefined, name: string): string | undefined {
  const found = memberOf(value, name)
  return typeof found === 'string' && found !== '' ? found : undefined
}

export function memberOf(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as { readonly [name: string]: Json })[name]
}

/** The line as JSON, or undefined. */
export function parseLine(line: string): { readonly [name: string]: Json } | undefined {
  try {
    const parsed: Json = JSON.parse(line)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as { readonly [name: string]: Json })
      : undefined
  } catch {
    return undefined
  }
}
