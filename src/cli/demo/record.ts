import { counted, shorten, wrap } from './text.js'

const RULE = '-[ RECORD 1 ]'

/** The lines of a row as psql prints it after `\x`, long values cut in the middle. */
export function recordLines(record: Readonly<Record<string, unknown>>, width: number): string[] {
  const name = Math.max(RULE.length - 1, ...Object.keys(record).map((column) => column.length))
  const room = width - name - 3
  const rule = `${RULE.padEnd(name + 1, '-')}+${'-'.repeat(room + 1)}`
  const lines = Object.entries(record).flatMap(([column, value]) =>
    valueLines(value, room).map((line, index) => `${(index === 0 ? column : '').padEnd(name)} | ${line}`),
  )
  return [rule, ...lines]
}

function valueLines(value: unknown, width: number): string[] {
  if (value === null) return ['']
  if (typeof value === 'string') {
    const note = value.length > width ? `  (${counted(value.length, 'character')})` : ''
    return [shorten(value, width - note.length) + note]
  }
  const json = JSON.stringify(value, (_, each) => (typeof each === 'string' ? shorten(each, 44) : each))
  const lines = wrap(json.replaceAll('":', '": ').split(','), width - 1, ', ')
  return lines.map((line, index) => (index === 0 ? line : ` ${line}`))
}
