import { createHash } from 'node:crypto'
import { COLUMNS, type LedgerRow } from './ledger-row.js'

/** A row in a journal, with the writer whose connection may have stored it already. */
export interface JournalledRow extends LedgerRow {
  readonly writer: string
}

export interface ParsedJournal {
  readonly rows: readonly JournalledRow[]
  /** Lines that are none of ours, or were changed. */
  readonly damaged: readonly string[]
}

const DIGEST_CHARACTERS = 32

/** One line: a digest, so that damage is seen, and the row as JSON, which has no line break. */
export function journalLine(row: JournalledRow): string {
  const json = JSON.stringify(row)
  return `${digestOf(json)} ${json}\n`
}

/**
 * The rows of a journal. What follows the last line break was being written when the process ended: nobody was told that it
 * was stored, and nothing was sent for it.
 */
export function parseJournal(text: string): ParsedJournal {
  const lines = text.split('\n').slice(0, -1)
  const parsed = lines.map((line) => rowOf(line) ?? line)
  return {
    rows: parsed.filter((each) => typeof each !== 'string'),
    damaged: parsed.filter((each) => typeof each === 'string'),
  }
}

function rowOf(line: string): JournalledRow | undefined {
  const json = line.slice(DIGEST_CHARACTERS + 1)
  if (line.slice(0, DIGEST_CHARACTERS) !== digestOf(json)) return undefined
  const row = JSON.parse(json) as JournalledRow
  return Object.hasOwn(COLUMNS, row.table) ? row : undefined
}

function digestOf(json: string): string {
  return createHash('sha256').update(json).digest('hex').slice(0, DIGEST_CHARACTERS)
}
