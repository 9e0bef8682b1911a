import { nodeHash } from './merkle-hash.js'
import { rootOf, type Subtree, subtreesOf } from './subtree.js'

export interface HashedSubtree extends Subtree {
  readonly hash: Buffer
}

/** A tree that only grows, of which the roots of the largest complete subtrees are kept: as many as its size has bits. */
export class CompactRange {
  readonly #subtrees: HashedSubtree[]
  #size: number

  /** `hashes` are those of `subtreesOf({ start: 0, end: size })`. */
  constructor(size = 0, hashes: readonly Buffer[] = []) {
    this.#size = size
    this.#subtrees = subtreesOf({ start: 0, end: size }).map((subtree, at) => ({ ...subtree, hash: hashes[at]! }))
  }

  get size(): number {
    return this.#size
  }

  root(): Buffer {
    return rootOf(this.#subtrees.map(({ hash }) => hash))
  }

  /** Returns the subtrees above the leaf that it completes, the lowest first. */
  append(hash: Buffer): readonly HashedSubtree[] {
    const completed: HashedSubtree[] = []
    let subtree: HashedSubtree = { level: 0, index: this.#size, hash }
    for (let left = this.#subtrees.at(-1); left?.level === subtree.level; left = this.#subtrees.at(-1)) {
      this.#subtrees.pop()
      subtree = { level: left.level + 1, index: left.index / 2, hash: nodeHash(left.hash, subtree.hash) }
      completed.push(subtree)
    }
    this.#subtrees.push(subtree)
    this.#size++
    return completed
  }
}
