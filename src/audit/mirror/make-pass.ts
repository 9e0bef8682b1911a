import type { Queryable } from '../../postgres/queryable.js'
import type { ProviderTrail } from '../trail/provider-trail.js'
import type { ReaderState, TimeWindow, TrailBatch, TrailObject, TrailReader } from '../trail/trail-reader.js'
import { isLeaseLost, type Lease, takeLease } from './lease.js'
import { type ReaderFailure, readerFailure } from './reader-failure.js'
import { recordFailure, recordSuccess, type SourceState } from './source-state.js'
import { type BatchCounts, storeBatch } from './store-batch.js'

/** A trail that is mirrored: what reads it, and what understands it. */
export interface MirroredTrail {
  readonly reader: TrailReader
  readonly normalize: ProviderTrail['normalize']
}

/** `elsewhere`: another process mirrors the source. */
export interface PassResult {
  readonly state: SourceState | 'elsewhere'
  readonly counts: BatchCounts
  readonly reason?: string
}

export interface PassSettings {
  readonly now: Date
  readonly signal: AbortSignal
  /** Called once the source is ours, with the time from which on the pass reads where that is known. */
  readonly onStart: (from: Date | undefined) => void
  readonly onBatch: (counts: BatchCounts, happened: TimeWindow | undefined) => void
}

const NOTHING: BatchCounts = { stored: 0, repeated: 0, ignored: 0, quarantined: 0, logging: 0 }

/**
 * One pass over a source, batch by batch, and what it says of the source. Rejects where the database fails or the signal ends
 * it: neither says anything of the trail.
 */
export async function makePass(
  client: Queryable,
  { reader, normalize }: MirroredTrail,
  lease: Lease,
  { now, signal, onStart, onBatch }: PassSettings,
): Promise<PassResult> {
  signal.throwIfAborted()
  const held = await takeLease(client, lease)
  if (!held) return { state: 'elsewhere', counts: NOTHING }
  onStart(reader.goesBackTo(now, held.cursor))
  let counts = NOTHING
  const state: ReaderState = { cursor: held.cursor, object: (name) => readObject(client, lease.source.id, name) }
  const batches = reader.read(now, state, signal)[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await nextOf(batches, signal)
      if ('failure' in next) {
        await recordFailure(client, lease, next.failure, next.reason)
        return { state: next.failure, counts, reason: next.reason }
      }
      if (!next.batch) break
      const { happened, ...stored } = await storeBatch(client, lease, next.batch, normalize, now)
      counts = sumOf(counts, stored)
      onBatch(stored, happened)
    }
  } catch (error) {
    await batches.return?.().catch(() => undefined)
    if (isLeaseLost(error)) return { state: 'elsewhere', counts }
    throw error
  }
  await recordSuccess(client, lease)
  return { state: 'ok', counts }
}

type Next = { readonly batch: TrailBatch | undefined } | ReaderFailure

/** What a reader rejects with is about its trail, unlike what the database rejects with. */
async function nextOf(batches: AsyncIterator<TrailBatch>, signal: AbortSignal): Promise<Next> {
  try {
    const { done, value } = await batches.next()
    return { batch: done ? undefined : value }
  } catch (error) {
    signal.throwIfAborted()
    return readerFailure(error)
  }
}

async function readObject(client: Queryable, source: string, name: string): Promise<TrailObject | undefined> {
  const { rows } = await client.query(
    `SELECT etag, size::float8 AS size, sha256, byte_offset::float8 AS "byteOffset", digest_verified AS "digestVerified"
    FROM waxseal.trail_object WHERE source = $1 AND name = $2`,
    [source, name],
  )
  if (!rows[0]) return undefined
  const members = Object.entries(rows[0]).filter(([, value]) => value !== null)
  return { name, ...Object.fromEntries(members) } as unknown as TrailObject
}

function sumOf(a: BatchCounts, b: BatchCounts): BatchCounts {
  return {
    stored: a.stored + b.stored,
    repeated: a.repeated + b.repeated,
    ignored: a.ignored + b.ignored,
    quarantined: a.quarantined + b.quarantined,
    logging: a.logging + b.logging,
  }
}
