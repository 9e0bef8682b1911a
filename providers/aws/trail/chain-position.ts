import type { CursorValue } from '../../../src/audit/trail/trail-reader.js'
import { listAt, objectAt, textAt } from '../../../src/kms/untrusted-json.js'
import type { ChainLink } from './digest.js'

/** What a digest, or its absence, shows to be wrong, and where. */
export interface TrailProblem {
  readonly at: string
  readonly what: string
  readonly object: string
}

/** Where the reader of a bucket stands. Times are ISO texts, since this is stored as JSON. */
export interface ChainPosition {
  /** Up to here the bucket was listed for new files. */
  readonly listedTo: string
  /** The end of the last digest that was looked at. */
  readonly digestedTo: string
  /** The last digest, where it was good: the next has to follow it. */
  readonly last?: ChainLink
  /** Since when every digest was there and good. */
  readonly verifiedFrom?: string
  /** When the days before were last looked through for digests that came later. */
  readonly backfilledAt: string
  readonly problems: readonly TrailProblem[]
}

export function chainPositionOf(cursor: CursorValue): ChainPosition | undefined {
  const [listedTo, digestedTo, backfilledAt] = ['listedTo', 'digestedTo', 'backfilledAt'].map((name) =>
    timeAt(cursor, name),
  )
  if (listedTo === undefined || digestedTo === undefined || backfilledAt === undefined) return undefined
  const last = objectAt(cursor, 'last')
  const verifiedFrom = timeAt(cursor, 'verifiedFrom')
  const [name, hash, signature] = ['name', 'hash', 'signature'].map((member) => textAt(last, member) ?? '')
  return {
    listedTo,
    digestedTo,
    backfilledAt,
    ...(last && { last: { name: name!, hash: hash!, signature: signature! } }),
    ...(verifiedFrom && { verifiedFrom }),
    problems: listAt(cursor, 'problems').map((problem) => ({
      at: textAt(problem, 'at') ?? '',
      what: textAt(problem, 'what') ?? '',
      object: textAt(problem, 'object') ?? '',
    })),
  }
}

function timeAt(cursor: CursorValue, name: string): string | undefined {
  const text = textAt(cursor, name)
  return text === undefined || Number.isNaN(Date.parse(text)) ? undefined : text
}
