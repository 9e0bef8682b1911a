import type { CursorValue } from '../../../src/audit/trail/trail-reader.js'
import { objectAt } from '../../../src/kms/untrusted-json.js'
import type { Sweep } from './sweeps.js'
import { settled } from './sweeps.js'

/** Where the reader stands. Times are ISO texts, since this is stored as JSON. */
export interface LookupPosition {
  /** Up to here the newest events were looked for once. */
  readonly readTo: string
  /** Up to here all events are there. */
  readonly settledTo: string
  /** When each sweep was last made. */
  readonly swept: Readonly<Record<string, string>>
  /** Of the events from before the first pass: down to which they were read, and how long the next step is. */
  readonly history?: { readonly reached: string; readonly end: string; readonly stepMs: number }
}

/** Undefined before the first pass, and for what another version wrote: the reader then begins anew. */
export function positionOf(cursor: CursorValue): LookupPosition | undefined {
  const { readTo, settledTo } = objectAt(cursor) ?? {}
  const { reached, end, stepMs } = objectAt(cursor, 'history') ?? {}
  if (!isTime(readTo) || !isTime(settledTo)) return undefined
  const swept = Object.entries(objectAt(cursor, 'swept') ?? {})
  return {
    readTo,
    settledTo,
    swept: Object.fromEntries(swept.filter((entry): entry is [string, string] => isTime(entry[1]))),
    ...(isTime(reached) && isTime(end) && typeof stepMs === 'number' && { history: { reached, end, stepMs } }),
  }
}

const isTime = (value: unknown): value is string => typeof value === 'string' && !Number.isNaN(Date.parse(value))

export function afterSweep(position: LookupPosition, { window, names }: Sweep): LookupPosition {
  const now = window.to.toISOString()
  return {
    ...position,
    readTo: now,
    settledTo: settled(window)?.to.toISOString() ?? position.settledTo,
    swept: { ...position.swept, ...Object.fromEntries(names.map((name) => [name, now])) },
  }
}
