import type { Cell } from './reports/report.js'

/** What spreadsheets take for the beginning of a formula, also in full width. User agents and contexts come from strangers. */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/
const QUOTED = /[",\r\n]/

/**
 * One line of CSV (RFC 4180, with CRLF). A text that a spreadsheet would run as a formula gets an apostrophe in front, which
 * spreadsheets do not show; numbers stay as they are. Null is an empty cell.
 */
export function csvLine(values: readonly Cell[]): string {
  return `${values.map(field).join(',')}\r\n`
}

function field(value: Cell): string {
  if (value === null) return ''
  if (typeof value !== 'string') return String(value)
  const text = FORMULA.test(value) ? `'${value}` : value
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
