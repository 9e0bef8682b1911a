import type { TrailBatch } from '../../../src/audit/trail/trail-reader.js'
import type { ChainPosition, TrailProblem } from './chain-position.js'
import type { Digest } from './digest.js'
import type { Following } from './follow.js'

/** So long after an event its file may be delivered: an hour of events is complete with the digests of two hours more. */
export const LATE_MS = 2 * 3_600_000
/** A person has seen it by then, or it stands in the coverage. */
const REMEMBERED_MS = 7 * 86_400_000
const MOST_PROBLEMS = 20

export interface ChainStep {
  readonly position: ChainPosition
  readonly covered?: NonNullable<TrailBatch['covered']>
}

/** After a digest that was signed and could be read. `damaged`: what is wrong with its files. */
export function afterDigest(
  position: ChainPosition,
  digest: Digest,
  following: Following,
  { chain, damaged }: { readonly chain: readonly TrailProblem[]; readonly damaged: readonly TrailProblem[] },
): ChainStep {
  const { name, hash, signature, start, end } = digest
  const unbroken = following === 'follows' && position.verifiedFrom !== undefined
  const verifiedFrom = damaged.length > 0 ? end : unbroken ? new Date(position.verifiedFrom) : start
  const problems = [...chain, ...damaged]
  return {
    position: {
      ...position,
      digestedTo: end.toISOString(),
      last: { name, hash, signature },
      verifiedFrom: verifiedFrom.toISOString(),
      problems: remembered([...position.problems, ...problems], end),
    },
    ...(problems.length > 0
      ? doubtful(position, damaged.length > 0 ? end : start, problems)
      : proven(verifiedFrom, digest)),
  }
}

/** After one that cannot be believed: the next begins a chain. */
export function afterBadDigest(position: ChainPosition, end: Date, problem: TrailProblem): ChainStep {
  const { last: _, verifiedFrom: __, ...rest } = position
  return {
    position: { ...rest, digestedTo: end.toISOString(), problems: remembered([...position.problems, problem], end) },
    ...doubtful(position, end, [problem]),
  }
}

export function remembered(problems: readonly TrailProblem[], now: Date): TrailProblem[] {
  return problems.filter(({ at }) => now.getTime() - Date.parse(at) < REMEMBERED_MS).slice(-MOST_PROBLEMS)
}

function doubtful(
  { digestedTo }: ChainPosition,
  to: Date,
  problems: readonly TrailProblem[],
): Pick<ChainStep, 'covered'> {
  const from = new Date(Math.min(Date.parse(digestedTo), to.getTime()) - LATE_MS)
  return { covered: { from, to, complete: false, proof: { problems: problems.map((each) => ({ ...each })) } } }
}

function proven(verifiedFrom: Date, { name, fingerprint, files, start, end }: Digest): Pick<ChainStep, 'covered'> {
  const from = new Date(Math.max(verifiedFrom.getTime(), start.getTime() - LATE_MS))
  const to = new Date(end.getTime() - LATE_MS)
  if (from >= to) return {}
  return { covered: { from, to, complete: true, proof: { digest: name, publicKey: fingerprint, files: files.length } } }
}
