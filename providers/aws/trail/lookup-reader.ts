import type {
  CursorValue,
  PostureCheck,
  ReaderState,
  TrailBatch,
  TrailReader,
} from '../../../src/audit/trail/trail-reader.js'
import { type Clock, systemClock } from '../../../src/kms/clock.js'
import { assertAccount } from './account-of-record.js'
import type { CloudTrailEvents } from './cloudtrail-client.js'
import { EventRate } from './event-rate.js'
import { KMS } from './kms-exclusion.js'
import { CLOUDTRAIL } from './logging-change.js'
import { afterStep, historyFrom, nextStep } from './lookup-history.js'
import { LookupPages } from './lookup-pages.js'
import { afterSweep, type LookupPosition, positionOf } from './lookup-position.js'
import { probeLookup } from './probe-lookup.js'
import { scanWindow } from './scan-window.js'
import { dueSweep, LONGEST_BACK_MS, settled, type TrailWindow } from './sweeps.js'

export interface LookupReaderOptions {
  readonly client: CloudTrailEvents
  readonly account: string
  readonly region: string
  /** How far back the first passes go. Milliseconds, default and at most 90 days. */
  readonly backMs?: number
  readonly clock?: Clock
  readonly random?: () => number
}

/** Uses of keys, and changes of what is logged. */
const SOURCES = [KMS, CLOUDTRAIL]
/** Requests of a pass, after which it takes up no more of the history: the next pass is due. */
const ENOUGH_REQUESTS = 30

/**
 * Reads the event history of one account in one Region by LookupEvents, which needs no set-up and cannot leave out the KMS.
 * It never goes on at the time of the last event: it reads windows that overlap, and the mirror keeps one of each event.
 */
export class LookupReader implements TrailReader {
  readonly provider = 'aws'
  readonly name = 'cloudtrail-lookup'
  readonly intervalMs = 60_000
  readonly scope: string
  readonly #account: string
  readonly #pages: LookupPages
  readonly #backMs: number
  readonly #clock: Clock
  readonly #rate = new EventRate()

  constructor({
    client,
    account,
    region,
    backMs = LONGEST_BACK_MS,
    clock = systemClock,
    random = Math.random,
  }: LookupReaderOptions) {
    this.scope = `${account}/${region}`
    this.#account = account
    this.#pages = new LookupPages(client, clock, random)
    this.#backMs = Math.min(backMs, LONGEST_BACK_MS)
    this.#clock = clock
  }

  probe(signal: AbortSignal): Promise<readonly PostureCheck[]> {
    return probeLookup(this.#pages, this.#account, this.#rate, new Date(this.#clock.now()), signal)
  }

  goesBackTo(now: Date, cursor: CursorValue): Date {
    const known = positionOf(cursor)
    const { window } = dueSweep(known, now)
    const { history } = known ?? this.#firstPosition(window)
    return history === undefined ? window.from : new Date(Math.min(Date.parse(history.end), window.from.getTime()))
  }

  async *read(now: Date, state: ReaderState, signal: AbortSignal): AsyncGenerator<TrailBatch> {
    const known = positionOf(state.cursor)
    const sweep = dueSweep(known, now)
    let position = known ?? this.#firstPosition(sweep.window)
    // Until the sweep is done the cursor stays: a pass that breaks off is made again.
    let requests = yield* this.#scan(sweep.window, state.cursor, signal)
    position = afterSweep(position, sweep)
    const covered = settled(sweep.window)
    yield { records: [], cursor: asCursor(position), ...(covered && { covered: { ...covered, complete: true } }) }
    for (let step = nextStep(position); step && requests < ENOUGH_REQUESTS; step = nextStep(position)) {
      const needed = yield* this.#scan(step, asCursor(position), signal)
      requests += needed
      position = afterStep(position, step, needed)
      yield { records: [], cursor: asCursor(position), covered: { ...step, complete: true } }
    }
  }

  async close(): Promise<void> {
    // The client belongs to whoever made it, and keeps no process alive.
  }

  #firstPosition({ from, to }: TrailWindow): LookupPosition {
    const [end, settledTo] = [new Date(to.getTime() - this.#backMs), from.toISOString()]
    const position = { readTo: to.toISOString(), settledTo, swept: {} }
    return end < from ? { ...position, history: historyFrom(from, end) } : position
  }

  /** Resolves to how many requests it took. */
  async *#scan(
    window: TrailWindow,
    cursor: TrailBatch['cursor'],
    signal: AbortSignal,
  ): AsyncGenerator<TrailBatch, number> {
    let requests = 0
    for (const source of SOURCES) {
      let events = 0
      for await (const { records, reached } of scanWindow(this.#pages, source, window, signal)) {
        requests++
        events += records.length
        for (const { raw } of records) assertAccount(raw, this.#account)
        // A pass that never ends has to be noticed, too.
        if (source === KMS) this.#rate.note(events, { from: reached, to: window.to })
        if (records.length > 0) yield { records, cursor }
      }
      if (source === KMS) this.#rate.note(events, window)
    }
    return requests
  }
}

const asCursor = (position: LookupPosition) => ({ ...position }) as TrailBatch['cursor']
