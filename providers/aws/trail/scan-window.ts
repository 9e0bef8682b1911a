import type { TrailRecord } from '../../../src/audit/trail/audit-event.js'
import { KmsUnavailableError } from '../../../src/errors.js'
import type { FoundEvent } from './cloudtrail-client.js'
import type { LookupPages } from './lookup-pages.js'
import type { TrailWindow } from './sweeps.js'

export interface ScannedPage {
  readonly records: readonly TrailRecord[]
  /** The oldest time so far. */
  readonly reached: Date
}

const MOST_LOST_TOKENS = 3

/**
 * All events of one service in a window, newest first. Where the token of the next page is lost, the window begins again
 * at the oldest event so far: those of the same second come twice.
 */
export async function* scanWindow(
  pages: LookupPages,
  source: string,
  window: TrailWindow,
  signal: AbortSignal,
): AsyncGenerator<ScannedPage> {
  let to = window.to
  let reached = window.to
  let token: string | undefined
  let lost = 0
  do {
    const page = await pages.page({ source, from: window.from, to }, token, signal)
    if (page === undefined) {
      lost = reached < to ? 0 : lost + 1
      if (lost > MOST_LOST_TOKENS) throw new KmsUnavailableError(tokensLost(to), { reason: 'server' })
      to = reached
      token = undefined
      continue
    }
    for (const { EventTime } of page.events) if (EventTime !== undefined && EventTime < reached) reached = EventTime
    // An empty page with a token is no end.
    yield { records: page.events.map(recordOf), reached }
    token = page.token
    if (token === undefined) return
  } while (true)
}

const tokensLost = (to: Date) =>
  `provider "aws": LookupEvents refuses its own page tokens at ${to.toISOString()}; the next pass begins again`

function recordOf(event: FoundEvent): TrailRecord {
  const { CloudTrailEvent, EventId } = event
  return {
    raw: CloudTrailEvent ?? JSON.stringify(event),
    ...(EventId !== undefined && { reference: `cloudtrail:event/${EventId}` }),
  }
}
