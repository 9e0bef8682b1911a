import { AuditTrailGapError } from '../../../src/errors.js'
import type { Clock } from '../../../src/kms/clock.js'
import { pause } from '../../../src/kms/pause.js'
import { vendorError } from '../../../src/kms/vendor-failure.js'
import { awsFailureOf } from '../errors.js'
import type { CloudTrailEvents, FoundEvent } from './cloudtrail-client.js'
import { Pace } from './pace.js'

export const PAGE = 50
/** AWS allows two requests a second to an account in a Region, and everybody in it shares them. */
export const REQUEST_INTERVAL_MS = 1_000
const RETRIES = 5
const LONGEST_PAUSE_MS = 30_000
const PASSING: ReadonlySet<string> = new Set(['throttled', 'timeout', 'network', 'server'])

export interface LookupQuery {
  readonly source: string
  readonly from: Date
  readonly to: Date
}

export interface LookupPage {
  readonly events: readonly FoundEvent[]
  readonly token?: string
}

/** Pages of LookupEvents, newest first, one request a second. Throttling is an answer with status 400. */
export class LookupPages {
  readonly #client: CloudTrailEvents
  readonly #clock: Clock
  readonly #random: () => number
  readonly #pace: Pace

  constructor(client: CloudTrailEvents, clock: Clock, random: () => number) {
    this.#client = client
    this.#clock = clock
    this.#random = random
    this.#pace = new Pace(REQUEST_INTERVAL_MS, clock)
  }

  /** Undefined where the token is no longer good: tokens expire, and the window has to begin again. */
  async page(query: LookupQuery, token: string | undefined, signal: AbortSignal): Promise<LookupPage | undefined> {
    const request = {
      LookupAttributes: [{ AttributeKey: 'EventSource' as const, AttributeValue: query.source }],
      StartTime: query.from,
      // The same for all pages of a window: they would shift with every new event.
      EndTime: query.to,
      MaxResults: PAGE,
      ...(token !== undefined && { NextToken: token }),
    }
    for (let attempt = 1; ; attempt++) {
      await this.#pace.turn(signal)
      try {
        const { Events = [], NextToken } = await this.#client.lookupEvents(request, { abortSignal: signal })
        return NextToken === undefined ? { events: Events } : { events: Events, token: NextToken }
      } catch (error) {
        signal.throwIfAborted()
        if (token !== undefined && (error as Partial<Error>).name === 'InvalidNextTokenException') return undefined
        if (attempt > RETRIES || !PASSING.has(awsFailureOf(error).failure)) throw lookupError(error)
        const longest = Math.min(LONGEST_PAUSE_MS, REQUEST_INTERVAL_MS * 2 ** attempt)
        await pause(Math.ceil(longest * (0.5 + this.#random() / 2)), this.#clock, signal)
      }
    }
  }
}

function lookupError(error: unknown): Error {
  const { failure, status, requestId } = awsFailureOf(error)
  if (failure === 'denied' || (error as Partial<Error>).name === 'OperationNotPermittedException') {
    return new AuditTrailGapError(
      `provider "aws": LookupEvents was refused (${status}); allow cloudtrail:LookupEvents to the identity that mirrors the trail`,
    )
  }
  return vendorError(failure, { provider: 'aws', operation: 'LookupEvents', status, requestId })
}
