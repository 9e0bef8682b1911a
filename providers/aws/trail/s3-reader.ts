import type {
  CursorValue,
  PostureCheck,
  ReaderState,
  TrailBatch,
  TrailReader,
} from '../../../src/audit/trail/trail-reader.js'
import { type ChainPosition, chainPositionOf, type TrailProblem } from './chain-position.js'
import { LATE_MS } from './chain-steps.js'
import { type ListedObject, LogBucket, type S3Objects } from './log-bucket.js'
import {
  daysBetween,
  digestEndOf,
  digestFolder,
  isBackfill,
  logFolder,
  logNameAt,
  type TrailPlace,
} from './object-names.js'
import { type CloudTrailPosture, probeTrail } from './probe-trail.js'
import { type CloudTrailKeys, PublicKeys } from './public-keys.js'
import { asCursor, readDigest, type TrailAccess } from './read-digest.js'
import { readLogFile } from './read-log-file.js'
import { settled } from './sweeps.js'

export interface S3ReaderOptions {
  readonly s3: S3Objects
  readonly cloudTrail: CloudTrailKeys & CloudTrailPosture
  readonly place: TrailPlace
  /** How far back the first pass goes. Milliseconds. */
  readonly backMs: number
}

const DAY = 86_400_000
/** A file whose name says that it is older was read, or its digest tells of it. */
const OVERLAP_MS = LATE_MS + 3_600_000
/** Digests that are made later for a day that is over are looked for once a day, so far back. */
const BACKFILL_BACK_MS = 30 * DAY
/** After so many a pass ends, so that new files do not wait for old digests. */
const MOST_DIGESTS = 200

/**
 * Reads what a trail delivers to S3: new files at once, and again with the digest of their hour, whose signature proves that
 * they are all there and unaltered. Only then is an hour covered completely.
 */
export class S3Reader implements TrailReader {
  readonly provider = 'aws'
  readonly name = 'cloudtrail-s3'
  readonly intervalMs = 300_000
  readonly scope: string
  readonly #place: TrailPlace
  readonly #bucket: LogBucket
  readonly #cloudTrail: CloudTrailPosture
  readonly #keys: PublicKeys
  readonly #backMs: number
  #problems: readonly TrailProblem[] = []

  constructor({ s3, cloudTrail, place, backMs }: S3ReaderOptions) {
    this.scope = `${place.account}/${place.region}`
    this.#place = place
    this.#bucket = new LogBucket(s3, place.bucket)
    this.#cloudTrail = cloudTrail
    this.#keys = new PublicKeys(cloudTrail)
    this.#backMs = backMs
  }

  probe(signal: AbortSignal): Promise<readonly PostureCheck[]> {
    return probeTrail(this.#cloudTrail, this.#bucket, this.#place, this.#problems, signal)
  }

  goesBackTo(now: Date, cursor: CursorValue): Date {
    const { listedTo, digestedTo } = chainPositionOf(cursor) ?? this.#firstPosition(now)
    return new Date(Math.min(Date.parse(listedTo) - OVERLAP_MS, Date.parse(digestedTo)))
  }

  async *read(now: Date, state: ReaderState, signal: AbortSignal): AsyncGenerator<TrailBatch> {
    let position = chainPositionOf(state.cursor) ?? this.#firstPosition(now)
    this.#problems = position.problems
    yield* this.#newFiles(position, now, state, signal)
    const read = settled({ from: new Date(Date.parse(position.listedTo) - OVERLAP_MS), to: now })
    position = { ...position, listedTo: now.toISOString() }
    yield { records: [], cursor: asCursor(position), ...(read && { covered: { ...read, complete: false } }) }
    const access = { place: this.#place, bucket: this.#bucket, keys: this.#keys, signal }
    position = yield* this.#chain(access, position, now)
    position = yield* this.#backfill(access, position, now, state)
    this.#problems = position.problems
  }

  async close(): Promise<void> {
    // The clients belong to whoever made them, and keep no process alive.
  }

  #firstPosition(now: Date): ChainPosition {
    const start = new Date(now.getTime() - this.#backMs).toISOString()
    return { listedTo: start, digestedTo: start, backfilledAt: start, problems: [] }
  }

  async *#newFiles(position: ChainPosition, now: Date, state: ReaderState, signal: AbortSignal) {
    const since = new Date(Date.parse(position.listedTo) - OVERLAP_MS)
    for (const day of daysBetween(since, now)) {
      const folder = logFolder(this.#place, day)
      for await (const { name, etag } of this.#bucket.list(folder, signal, logNameAt(this.#place, folder, since))) {
        if ((await state.object(name))?.etag === etag) continue
        const file = await this.#bucket.get(name, signal)
        if (file === undefined) continue
        const { records, object } = readLogFile(this.#place.bucket, file, false)
        yield { records, objects: [object], cursor: state.cursor }
      }
    }
  }

  async *#chain(access: TrailAccess, position: ChainPosition, now: Date): AsyncGenerator<TrailBatch, ChainPosition> {
    const from = new Date(position.digestedTo)
    const next = (await this.#digests(from, now, access.signal)).filter(
      ({ name }) => !isBackfill(name) && (digestEndOf(this.#place, name) ?? from) > from,
    )
    let reached = position
    for (const digest of next.slice(0, MOST_DIGESTS)) {
      const after = yield* readDigest(access, digest, reached, now)
      if (after === undefined) break
      reached = after
    }
    return reached
  }

  async *#backfill(
    access: TrailAccess,
    position: ChainPosition,
    now: Date,
    state: ReaderState,
  ): AsyncGenerator<TrailBatch, ChainPosition> {
    const isDue = now.getTime() - Date.parse(position.backfilledAt) >= DAY
    const from = new Date(now.getTime() - (isDue ? BACKFILL_BACK_MS : DAY))
    let reached = position
    for (const digest of await this.#digests(from, now, access.signal)) {
      if (!isBackfill(digest.name) || (await state.object(digest.name))?.etag === digest.etag) continue
      reached = (yield* readDigest(access, digest, reached, now)) ?? reached
    }
    if (!isDue) return reached
    reached = { ...reached, backfilledAt: now.toISOString() }
    yield { records: [], cursor: asCursor(reached) }
    return reached
  }

  /** In the order of their ends. */
  async #digests(from: Date, to: Date, signal: AbortSignal): Promise<ListedObject[]> {
    const found: (ListedObject & { readonly end: number })[] = []
    for (const day of daysBetween(from, to)) {
      for await (const object of this.#bucket.list(digestFolder(this.#place, day), signal)) {
        const end = digestEndOf(this.#place, object.name)
        if (end !== undefined) found.push({ ...object, end: end.getTime() })
      }
    }
    return found.sort((a, b) => a.end - b.end)
  }
}
