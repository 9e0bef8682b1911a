const LONGEST = 2_000

/** Text as Postgres stores it: neither NUL nor half a character. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\ufffd').toWellFormed()
}

/**
 * Likewise, and no more than a reader can use. Others may have written it, and one row that is refused would keep back all
 * others of its statement.
 */
export function storable(text: string | undefined): string | null {
  return text === undefined ? null : storableText(text.slice(0, LONGEST))
}

/** All texts in a value, names of members included, as `storable` or `as` makes them. */
export function storableJson(value: unknown, as: (text: string) => string | null = storable): string {
  return JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member === 'string') return as(member)
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member
    return Object.fromEntries(Object.entries(member).map(([name, each]) => [as(name), each]))
  })
}
