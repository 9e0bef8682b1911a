import { nodeHash } from './merkle-hash.js'

export interface InclusionProof {
  readonly position: number
  readonly size: number
  /** The lowest first. */
  readonly path: readonly Uint8Array[]
}

/** Whether the leaf stands at its position in the tree with this root (RFC 9162 §2.1.3.2). Never throws. */
export function verifyInclusion(leaf: Uint8Array, { position, size, path }: InclusionProof, root: Uint8Array): boolean {
  if (!Number.isSafeInteger(position) || !Number.isSafeInteger(size) || position < 0 || position >= size) return false
  let [at, last] = [position, size - 1]
  let hash: Uint8Array = leaf
  for (const sibling of path) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash)
      // The last node of a level without a sibling is that of the level above.
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)]
    } else {
      hash = nodeHash(hash, sibling)
    }
    ;[at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
  }
  return last === 0 && Buffer.from(hash).equals(root)
}
