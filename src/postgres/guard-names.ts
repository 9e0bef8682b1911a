import type { ProtectedTable } from './protected-table.js'

/** The logical names that stored ciphertexts and wraps are bound to. Kept in the triggers' arguments. */
export interface GuardNames {
  readonly entity: string
  /** By column: logical id and kind of value. */
  readonly fields: Readonly<Record<string, readonly [id: string, kind: string]>>
  /** The column of each pair. */
  readonly context: Readonly<Record<string, string>>
  readonly row: readonly string[]
}

export function guardNamesOf(table: ProtectedTable): GuardNames {
  return {
    entity: table.entity,
    fields: Object.fromEntries(table.fields.map(({ column, id, kind }) => [column, [id, kind]])),
    context: Object.fromEntries(table.context.map(({ name, column }) => [name, column])),
    row: table.row.map(({ column }) => column),
  }
}

/** ASCII only: arguments of triggers are kept in the encoding of the server, which need not be UTF-8. */
export function printGuardNames(names: GuardNames): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(names).replace(/[^ -~]/g, escaped)
}

/** Undefined for what `printGuardNames` would not have printed. */
export function parseGuardNames(text: string): GuardNames | undefined {
  try {
    const names = JSON.parse(text)
    const isNames = typeof names.entity === 'string' && [names.fields, names.context, names.row].every(isObject)
    return isNames ? names : undefined
  } catch {
    return undefined
  }
}

const isObject = (value: unknown) => typeof value === 'object' && value !== null
