import type { TrailRecord } from '../trail/audit-event.js'
import type { ProviderTrail } from '../trail/provider-trail.js'
import { type ReceivedEvent, receivedEvent } from './event-row.js'
import { isPlausible } from './plausible-time.js'

export interface QuarantinedRecord {
  readonly reason: string
  readonly payload: Buffer
}

export interface UnderstoodRecords {
  readonly events: readonly ReceivedEvent[]
  readonly quarantined: readonly QuarantinedRecord[]
  readonly ignored: number
}

/** One record that nobody understands is put aside, and never keeps those behind it from being stored. */
export function understand(
  records: readonly TrailRecord[],
  source: { readonly provider: string; readonly scope: string },
  normalize: ProviderTrail['normalize'],
): UnderstoodRecords {
  const events: ReceivedEvent[] = []
  const quarantined: QuarantinedRecord[] = []
  let ignored = 0
  for (const record of records) {
    const found = understood(record, normalize)
    if ('event' in found) events.push(receivedEvent(found.event, record, source))
    else if ('ignored' in found) ignored++
    else quarantined.push({ reason: found.quarantined, payload: Buffer.from(record.raw) })
  }
  return { events, quarantined, ignored }
}

function understood(
  record: TrailRecord,
  normalize: ProviderTrail['normalize'],
): ReturnType<ProviderTrail['normalize']> {
  // Text in Postgres cannot hold it, and no JSON does.
  if (record.raw.includes('\0')) return { quarantined: 'holds the character U+0000, which no JSON does' }
  try {
    const found = normalize(record)
    if (!('event' in found) || isPlausible(found.event.time)) return found
    return { quarantined: 'its time is none between 2006 and 2100' }
  } catch (error) {
    return { quarantined: `not understood (${error instanceof Error ? error.name : typeof error})` }
  }
}
