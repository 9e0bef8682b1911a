import { createHash } from 'node:crypto'

/** A leaf and a node are hashed with different first bytes: otherwise a node could be passed off as a leaf (RFC 6962 §2.1). */
const LEAF = Buffer.from([0])
const NODE = Buffer.from([1])

export const HASH_BYTES = 32

export function leafHash(leaf: Uint8Array): Buffer {
  return createHash('sha256').update(LEAF).update(leaf).digest()
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(NODE).update(left).update(right).digest()
}

/** The root of a tree without leaves. */
export const EMPTY_ROOT = createHash('sha256').digest()
