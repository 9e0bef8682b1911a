/** Read from text that somebody else wrote: nothing about its form is taken for granted, and no look at it throws. */
export type JsonObject = { readonly [name: string]: unknown }

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function objectAt(value: unknown, ...path: readonly string[]): JsonObject | undefined {
  const found = valueAt(value, path)
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as JsonObject) : undefined
}

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, path)
  return Array.isArray(found) ? found : []
}

/** Text, or a number as text. Undefined where it is empty. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, path)
  if (typeof found === 'number') return String(found)
  return typeof found === 'string' && found !== '' ? found : undefined
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let found = value
  for (const name of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined
    found = (found as JsonObject)[name]
  }
  return found
}

/** What an index of Postgres takes at least, whatever the characters. */
const MAX_LENGTH = 800

/**
 * The members that are not undefined, with texts that a column and its index can hold: a caller of a KMS chooses some of
 * them, and one that could not be stored would stop whoever stores.
 */
export function storable<T extends object>(members: { readonly [K in keyof T]: T[K] | undefined }): T {
  const entries = Object.entries(members).flatMap(([name, value]) => {
    if (value === undefined) return []
    return [[name, typeof value === 'string' ? storableText(value) : value]]
  })
  return Object.fromEntries(entries) as T
}

function storableText(text: string): string {
  return text.slice(0, MAX_LENGTH).toWellFormed().replaceAll('\0', '\u{FFFD}')
}
