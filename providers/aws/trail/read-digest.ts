import type { TrailBatch } from '../../../src/audit/trail/trail-reader.js'
import type { ChainPosition, TrailProblem } from './chain-position.js'
import { afterBadDigest, afterDigest, remembered } from './chain-steps.js'
import { type Digest, type DigestedFile, hexSha256 } from './digest.js'
import { chainProblem, type Following, followingOf } from './follow.js'
import type { ListedObject, LogBucket } from './log-bucket.js'
import { digestEndOf, isBackfill, type TrailPlace } from './object-names.js'
import { openDigest } from './open-digest.js'
import type { PublicKeys } from './public-keys.js'
import { objectOf, readLogFile } from './read-log-file.js'

export interface TrailAccess {
  readonly place: TrailPlace
  readonly bucket: LogBucket
  readonly keys: PublicKeys
  readonly signal: AbortSignal
}

/** A digest that has not come by then is missing. */
const LATEST_MS = 2 * 3_600_000

/**
 * Reads a digest and every file that it names, again where they were read before: only now is it known what they have to
 * hold. Resolves to where the reader then stands; undefined where the digest before may still come.
 */
export async function* readDigest(
  access: TrailAccess,
  { name }: ListedObject,
  position: ChainPosition,
  now: Date,
): AsyncGenerator<TrailBatch, ChainPosition | undefined> {
  const { place, bucket, keys, signal } = access
  const end = digestEndOf(place, name) ?? now
  const found = await bucket.get(name, signal)
  const digest = await openDigest(found, place, keys, signal)
  const objects = found ? [objectOf(found, typeof digest !== 'string')] : []
  if (typeof digest === 'string') {
    const problem = { at: end.toISOString(), what: digest, object: name }
    const failed = isBackfill(name) ? noted(position, [problem], now) : afterBadDigest(position, end, problem)
    yield {
      records: [],
      objects,
      cursor: asCursor(failed.position),
      ...('covered' in failed && failed.covered && { covered: failed.covered }),
    }
    return failed.position
  }
  const following = isBackfill(name) ? 'first' : followingOf(digest, position.last)
  if (following === 'other' && (await mayCome(access, digest, position, now))) return undefined
  const damaged = yield* readFiles(access, digest, position)
  const step = isBackfill(name)
    ? noted(position, damaged, now)
    : afterDigest(position, digest, following, { chain: chainProblems(following, digest), damaged })
  yield {
    records: [],
    objects,
    cursor: asCursor(step.position),
    ...('covered' in step && step.covered && { covered: step.covered }),
  }
  return step.position
}

export const asCursor = (position: ChainPosition) => ({ ...position }) as unknown as TrailBatch['cursor']

function noted(position: ChainPosition, problems: readonly TrailProblem[], now: Date) {
  return { position: { ...position, problems: remembered([...position.problems, ...problems], now) } }
}

function chainProblems(following: Following, digest: Digest): TrailProblem[] {
  const problem = chainProblem(following, digest)
  return problem ? [{ at: digest.end.toISOString(), ...problem }] : []
}

/** Whether the one that the digest follows is only late, or came while we looked. */
async function mayCome(
  { place, bucket, signal }: TrailAccess,
  { previous, end }: Digest,
  { digestedTo }: ChainPosition,
  now: Date,
): Promise<boolean> {
  const before = previous && digestEndOf(place, previous.name)
  // It is not one of those that come next.
  if (before === undefined || before <= new Date(digestedTo)) return false
  return now.getTime() - end.getTime() < LATEST_MS || (await bucket.get(previous!.name, signal)) !== undefined
}

async function* readFiles(
  access: TrailAccess,
  digest: Digest,
  position: ChainPosition,
): AsyncGenerator<TrailBatch, TrailProblem[]> {
  const damaged: TrailProblem[] = []
  for (const file of digest.files) {
    const { place, bucket, signal } = access
    const found = file.bucket === place.bucket ? await bucket.get(file.name, signal) : undefined
    const what = problemOf(file, place, found?.contents)
    if (what !== undefined) damaged.push({ at: digest.end.toISOString(), what, object: file.name })
    if (found === undefined) continue
    const { records, object } = readLogFile(place.bucket, found, what === undefined)
    yield { records, objects: [object], cursor: asCursor(position) }
  }
  return damaged
}

function problemOf(
  { bucket, hash }: DigestedFile,
  place: TrailPlace,
  contents: Uint8Array | undefined,
): string | undefined {
  if (bucket !== place.bucket) return `the log file is in the bucket "${bucket}", which is not read`
  if (contents === undefined) return 'the log file is missing, or no gzip'
  return hexSha256(contents) === hash ? undefined : 'the log file was altered'
}
