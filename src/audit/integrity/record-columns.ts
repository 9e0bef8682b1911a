import { type CanonicalRecord, recordValue } from './canonical-record.js'
import { type ColumnForm, type LeafKindName, leafKinds } from './leaf-kinds.js'

/** None of them depends on a setting of the session: the same row is the same text to everybody. */
const SHOWN: Readonly<Record<ColumnForm, (column: string) => string>> = {
  text: (column) => `${column}::text`,
  // An infinite time has no such form.
  time: (column) => `coalesce(to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), ${column}::text)`,
  date: (column) => `to_char(${column}, 'YYYY-MM-DD')`,
  double: (column) => `encode(float8send(${column}), 'hex')`,
  bytes: (column) => `encode(${column}, 'hex')`,
  json: (column) => `${column}::text`,
  boolean: (column) => `${column}::text`,
}

/** The columns of a kind as text, as a select list over `alias`. */
export function selectRecord(kind: LeafKindName, alias: string): string {
  return Object.entries(leafKinds[kind].columns)
    .map(([column, form]) => `${SHOWN[form](`${alias}.${column}`)} AS "${column}"`)
    .join(', ')
}

export function recordOf(kind: LeafKindName, row: Readonly<Record<string, unknown>>): CanonicalRecord {
  return Object.fromEntries(
    Object.entries(leafKinds[kind].columns).map(([column, form]) => {
      return [column, recordValue(form, row[column] as string | null)]
    }),
  )
}

export function timeText(column: string): string {
  return SHOWN.time(column)
}
