import { createHash } from 'node:crypto'
import { inTransaction } from '../../postgres/in-transaction.js'
import type { Queryable } from '../../postgres/queryable.js'
import { storableText, wholeJson } from '../storable.js'
import type { ProviderTrail } from '../trail/provider-trail.js'
import type { TimeWindow, TrailBatch, TrailObject } from '../trail/trail-reader.js'
import type { ReceivedEvent } from './event-row.js'
import { type Lease, moveCursor } from './lease.js'
import { ensureMonths, storeEvents } from './store-events.js'
import { type QuarantinedRecord, understand } from './understand.js'

/** What became of the records of a batch. */
export interface BatchCounts {
  readonly stored: number
  /** Stored before, by this source or another. */
  readonly repeated: number
  readonly ignored: number
  readonly quarantined: number
  /** New ones that say that the trail itself was changed. */
  readonly logging: number
}

/**
 * Stores a batch in one transaction: events, who saw them, objects, what was not understood, coverage, and the cursor. Either
 * the next pass goes on behind all of them, or it reads them again and finds them there. `scannedAt` is when the pass began.
 */
export async function storeBatch(
  client: Queryable,
  lease: Lease,
  batch: TrailBatch,
  normalize: ProviderTrail['normalize'],
  scannedAt: Date,
): Promise<BatchCounts & { readonly happened: TimeWindow | undefined }> {
  const { source } = lease
  const { events, quarantined, ignored } = understand(batch.records, source, normalize)
  await ensureMonths(client, events)
  return inTransaction(client, async () => {
    await moveCursor(client, lease, wholeJson(batch.cursor))
    const { stored, logging } = await storeEvents(client, source, events)
    await storeQuarantined(client, source.id, quarantined)
    for (const object of batch.objects ?? []) await storeObject(client, source.id, object)
    if (batch.covered) await storeCoverage(client, source.id, batch.covered, scannedAt)
    const counts = { stored, repeated: events.length - stored, ignored, quarantined: quarantined.length, logging }
    return { ...counts, happened: timesOf(events) }
  })
}

/** From the first of them to the last. */
function timesOf(events: readonly ReceivedEvent[]): TimeWindow | undefined {
  const times = events.map(({ event }) => event.time).sort((a, b) => a.getTime() - b.getTime())
  return times[0] && { from: times[0], to: times.at(-1)! }
}

async function storeQuarantined(
  client: Queryable,
  source: string,
  records: readonly QuarantinedRecord[],
): Promise<void> {
  if (records.length === 0) return
  await client.query(
    `INSERT INTO waxseal.trail_quarantine (source, reason, payload, payload_sha256)
    SELECT $1, record.* FROM unnest($2::text[], $3::bytea[], $4::bytea[]) AS record ON CONFLICT DO NOTHING`,
    [
      ...[source, records.map(({ reason }) => storableText(reason)), records.map(({ payload }) => payload)],
      records.map(({ payload }) => createHash('sha256').update(payload).digest()),
    ],
  )
}

async function storeObject(client: Queryable, source: string, object: TrailObject): Promise<void> {
  const { name, etag, size, sha256, byteOffset, digestVerified } = object
  await client.query(
    `INSERT INTO waxseal.trail_object (source, name, etag, size, sha256, byte_offset, digest_verified, read_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp())
    ON CONFLICT (source, name) DO UPDATE SET etag = excluded.etag, size = excluded.size, sha256 = excluded.sha256,
      byte_offset = excluded.byte_offset, digest_verified = excluded.digest_verified, read_at = excluded.read_at`,
    [
      ...[source, storableText(name), etag ?? null, size ?? null, sha256 ? Buffer.from(sha256) : null],
      ...[byteOffset, digestVerified ?? null],
    ],
  )
}

async function storeCoverage(
  client: Queryable,
  source: string,
  { from, to, complete, proof }: NonNullable<TrailBatch['covered']>,
  scannedAt: Date,
): Promise<void> {
  // Nothing passed since the last pass, by a clock that was set back.
  if (to <= from) return
  await client.query(
    `INSERT INTO waxseal.trail_coverage (source, covers, scanned_at, complete, proof)
    VALUES ($1, tstzrange($2, $3), $4, $5, $6)`,
    [
      ...[source, from.toISOString(), to.toISOString(), scannedAt.toISOString(), complete],
      proof === undefined ? null : wholeJson(proof),
    ],
  )
}
