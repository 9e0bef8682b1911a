import type { TrailRecord } from './audit-event.js'

export type CursorValue =
  | null
  | boolean
  | number
  | string
  | readonly CursorValue[]
  | { readonly [name: string]: CursorValue }

/** Whether a trail can be relied on. A check that could not be made is `unknown`, never `ok`. */
export interface PostureCheck {
  /** Such as `trail-is-logging`. */
  readonly id: string
  readonly state: 'ok' | 'failed' | 'unknown'
  readonly evidence: string
  /** What to do about it. */
  readonly remedy?: string
}

export interface TimeWindow {
  readonly from: Date
  /** Exclusive. */
  readonly to: Date
}

/** A part of a pass. Everything in it is stored in one transaction, the cursor and the coverage with it. */
export interface TrailBatch {
  readonly records: readonly TrailRecord[]
  /** Where the next pass goes on. */
  readonly cursor: CursorValue
  /** What is covered once this batch is stored. `complete`: nothing of it can be missing, as far as the source can say. */
  readonly covered?: TimeWindow & { readonly complete: boolean; readonly proof?: CursorValue }
  /** Objects that this batch was read from. */
  readonly objects?: readonly TrailObject[]
}

export interface TrailObject {
  readonly name: string
  readonly etag?: string
  readonly size?: number
  readonly sha256?: Uint8Array
  readonly byteOffset: number
  readonly digestVerified?: boolean
}

/** What a reader may ask about its own past. */
export interface ReaderState {
  /** Of the last batch that was stored; `null` before the first. */
  readonly cursor: CursorValue
  /** What is stored of an object, by its name. */
  object(name: string): Promise<TrailObject | undefined>
}

/**
 * Reads one trail of one provider. `read` makes one pass and ends; the mirror decides when the next begins. Records may come
 * again: the mirror keeps one. Rejects with `AuditTrailGapError` where access was lost, which makes the source *blind*; any
 * other rejection is tried again later.
 */
export interface TrailReader {
  readonly provider: string
  /** Such as `cloudtrail-lookup`. */
  readonly name: string
  readonly scope: string
  /** How long after a pass the next is due. */
  readonly intervalMs: number
  /** Never rejects for what it finds: that is what the checks say. */
  probe(signal: AbortSignal): Promise<readonly PostureCheck[]>
  /** From when on the next pass reads, for whoever shows how far it is; undefined where only reading it tells. */
  goesBackTo(now: Date, cursor: CursorValue): Date | undefined
  read(now: Date, state: ReaderState, signal: AbortSignal): AsyncIterable<TrailBatch>
  close(): Promise<void>
}
