import { escaped } from '../../audit/escaped.js'

/** As `printJson` does it, one line for each line of JSON. */
export function jsonLines(value: unknown): string {
  return JSON.stringify(value, null, 2).split('\n').map(escaped).join('\n')
}
