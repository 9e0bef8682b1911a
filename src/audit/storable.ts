const LONGEST = 2_000

/**
 * Text as Postgres stores it: neither NUL nor half a character, and no more than a reader can use. Others may have written
 * it, and one row that is refused would keep back all others of its statement.
 */
export function storable(text: string | undefined): string | null {
  return text === undefined ? null : text.slice(0, LONGEST).replaceAll('\0', '\ufffd').toWellFormed()
}

/** As `storable`, of all texts in a value, names of members included. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member === 'string') return storable(member)
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member
    return Object.fromEntries(Object.entries(member).map(([name, each]) => [storable(name), each]))
  })
}
