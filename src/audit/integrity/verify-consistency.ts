import { nodeHash } from './merkle-hash.js'

export interface TreeHead {
  readonly size: number
  readonly root: Uint8Array
}

/** Whether the tree of `after` begins with that of `before` (RFC 9162 §2.1.4.2). Never throws. */
export function verifyConsistency(before: TreeHead, after: TreeHead, path: readonly Uint8Array[]): boolean {
  if (![before.size, after.size].every(Number.isSafeInteger) || before.size < 0 || before.size > after.size)
    return false
  if (before.size === after.size) return path.length === 0 && Buffer.from(before.root).equals(after.root)
  // Every tree extends the empty one.
  if (before.size === 0) return path.length === 0
  const [first, ...rest] = isPowerOfTwo(before.size) ? [before.root, ...path] : path
  if (first === undefined) return false
  let [at, last] = [before.size - 1, after.size - 1]
  while (at % 2 === 1) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
  let old: Uint8Array = first
  let grown: Uint8Array = first
  for (const node of rest) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      old = nodeHash(node, old)
      grown = nodeHash(node, grown)
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)]
    } else {
      grown = nodeHash(grown, node)
    }
    ;[at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
  }
  return last === 0 && Buffer.from(old).equals(before.root) && Buffer.from(grown).equals(after.root)
}

function isPowerOfTwo(size: number): boolean {
  return 2 ** Math.round(Math.log2(size)) === size
}
