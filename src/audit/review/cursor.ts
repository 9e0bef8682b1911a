import { createHash } from 'node:crypto'
import { ConfigurationError } from '../../errors.js'
import { isStoredId } from '../stored-id.js'
import type { CheckedQuery } from './query.js'

/** Where a page ended. The time is text: a `Date` would lose its microseconds, and with them the records in between. */
export interface Position {
  readonly time: string
  readonly id: string
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

/** Carries the window, so that all pages have the one of the first, and what was asked for, so that it serves nothing else. */
export function cursorAfter(query: CheckedQuery, { time, id }: Position): string {
  return Buffer.from(JSON.stringify([query.from, query.to, time, id, fingerprint(query)])).toString('base64url')
}

export function readCursor(query: CheckedQuery, cursor: string): { query: CheckedQuery; after: Position } {
  const [from, to, time, id, of] = membersOf(cursor)
  const isWhole =
    TIME.test(String(time)) &&
    !Number.isNaN(Date.parse(String(time))) &&
    isStoredId(String(id)) &&
    of === fingerprint(query)
  const window = { from: new Date(String(from)), to: new Date(String(to)) }
  if (!isWhole || Number.isNaN(window.from.getTime()) || Number.isNaN(window.to.getTime())) {
    throw new ConfigurationError(
      'cursor: expected one that a search with the same filters returned, found another text',
    )
  }
  return { query: { ...query, ...window }, after: { time: String(time), id: String(id) } }
}

function membersOf(cursor: string): readonly unknown[] {
  try {
    const members: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    return Array.isArray(members) ? members : []
  } catch {
    return []
  }
}

function fingerprint({ kinds, filters }: CheckedQuery): string {
  return createHash('sha256')
    .update(JSON.stringify([kinds, filters]))
    .digest('hex')
    .slice(0, 16)
}
