import { EMPTY_ROOT, nodeHash } from './merkle-hash.js'

/** `2 ** level` leaves, the first of which has the position `index * 2 ** level`. Its root never changes once it is complete. */
export interface Subtree {
  readonly level: number
  readonly index: number
}

/** Leaves from `start`, without `end`. */
export interface LeafRange {
  readonly start: number
  readonly end: number
}

/**
 * The complete subtrees that a range is made of, largest first. `start` is a multiple of a power of two that is at least as
 * large as the range, as it is of each part that a proof hashes.
 */
export function subtreesOf({ start, end }: LeafRange): readonly Subtree[] {
  const subtrees: Subtree[] = []
  for (let at = start; at < end; ) {
    // Numbers, not bits: positions do not fit into 32 of them.
    const level = Math.floor(Math.log2(end - at))
    const size = 2 ** level
    subtrees.push({ level, index: at / size })
    at += size
  }
  return subtrees
}

/** The root over neighbouring subtrees, largest first. */
export function rootOf(hashes: readonly Buffer[]): Buffer {
  const last = hashes.at(-1)
  if (!last) return EMPTY_ROOT
  return hashes.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last)
}

/** What the audit path of a leaf hashes, the lowest first (RFC 6962 §2.1.1). */
export function inclusionPath(position: number, size: number): readonly LeafRange[] {
  const path: LeafRange[] = []
  let range = { start: 0, end: size }
  while (range.end - range.start > 1) {
    const split = splitOf(range)
    const [left, right] = [
      { start: range.start, end: split },
      { start: split, end: range.end },
    ]
    path.push(position < split ? right : left)
    range = position < split ? left : right
  }
  return path.reverse()
}

/** What the proof hashes that a tree of `size` leaves extends the one of its first `before` (RFC 6962 §2.1.2). */
export function consistencyPath(before: number, size: number): readonly LeafRange[] {
  const path: LeafRange[] = []
  let range = { start: 0, end: size }
  while (range.end !== before) {
    const split = splitOf(range)
    if (before <= split) {
      path.push({ start: split, end: range.end })
      range = { start: range.start, end: split }
    } else {
      path.push({ start: range.start, end: split })
      range = { start: split, end: range.end }
    }
  }
  // The verifier knows the root of the old tree; it needs what is left only where that is a part of it.
  if (range.start > 0) path.push(range)
  return path.reverse()
}

/** Behind the largest complete subtree that leaves something over. */
function splitOf({ start, end }: LeafRange): number {
  return start + 2 ** (Math.ceil(Math.log2(end - start)) - 1)
}
