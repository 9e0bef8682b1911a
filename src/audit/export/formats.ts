import { csvLine } from '../csv.js'
import { type ReviewRecord, recordMembers } from '../review/record.js'
import { type NamesOfTrails, ocsfOf } from './ocsf-line.js'
import type { ExportedLine } from './read-lines.js'

/** Makes the text that a page adds to a file. */
interface ExportWriter {
  readonly name: string
  write(lines: readonly ExportedLine[]): string
}

const jsonl: ExportWriter = {
  name: 'records.jsonl',
  write: (lines) => lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
}

const COLUMNS = ['time', 'kind', ...recordMembers, 'id'] as const

/** One line for each record that a search finds: the end of an attempt stands in the line of the attempt. */
function csv(): ExportWriter {
  let head = csvLine(COLUMNS)
  return {
    name: 'records.csv',
    write(lines) {
      const text = lines.flatMap(({ review }) => (review ? [csvLine(COLUMNS.map((name) => cellOf(review[name])))] : []))
      const whole = head + text.join('')
      head = ''
      return whole
    },
  }
}

const cellOf = (value: ReviewRecord[keyof ReviewRecord]) =>
  typeof value === 'object' ? (value?.join(' ') ?? null) : value

function ocsf(trails: NamesOfTrails): ExportWriter {
  return {
    name: 'records.ocsf.jsonl',
    write: (lines) =>
      lines
        .flatMap((line) => ocsfOf(line, trails) ?? [])
        .map((event) => `${JSON.stringify(event)}\n`)
        .join(''),
  }
}

const FORMATS = {
  jsonl: () => [jsonl],
  csv: () => [jsonl, csv()],
  ocsf: (trails: NamesOfTrails) => [jsonl, ocsf(trails)],
}
export type ExportFormat = keyof typeof FORMATS

export function isExportFormat(name: string): name is ExportFormat {
  return Object.hasOwn(FORMATS, name)
}

/** `records.jsonl` is always there: the others are proven through it. */
export function writersOf(format: ExportFormat, trails: NamesOfTrails): readonly ExportWriter[] {
  return FORMATS[format](trails)
}
