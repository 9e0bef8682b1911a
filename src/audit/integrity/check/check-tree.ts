import type { Queryable } from '../../../postgres/queryable.js'
import { CompactRange, type HashedSubtree } from '../compact-range.js'
import { STORED_LEVEL } from '../tree.js'
import type { LogFinding } from './log-finding.js'
import type { StoredLeaf } from './read-leaves.js'

/** A root that was written down, and where. */
export interface Witness {
  readonly size: number
  readonly root: Buffer
  /** Such as `the database` or `the file anchors.txt`. */
  readonly place: string
}

/** Makes the tree anew from its leaves, and compares it with what is stored of it and with what was signed. */
export class TreeCheck {
  readonly #range = new CompactRange()
  readonly #witnesses = new Map<number, Witness[]>()
  /** Up to where all roots agree. */
  #confirmed = 0
  /** The leaves of the last group that disagrees with its node: what lies above it disagrees too, and says nothing new. */
  #disagrees = -1
  #hasGap = false

  constructor(witnesses: readonly Witness[]) {
    for (const witness of witnesses) {
      const { size } = witness
      this.#witnesses.set(size, [...(this.#witnesses.get(size) ?? []), witness])
    }
  }

  async check(client: Queryable, leaves: readonly StoredLeaf[]): Promise<readonly LogFinding[]> {
    if (this.#hasGap) return []
    const findings: LogFinding[] = []
    const nodes: HashedSubtree[] = []
    if (this.#range.size === 0) findings.push(...this.#roots())
    for (const { position, hash } of leaves) {
      if (position !== this.#range.size) {
        this.#hasGap = true
        break
      }
      nodes.push(...this.#range.append(hash).filter(({ level }) => level >= STORED_LEVEL))
      findings.push(...this.#roots())
    }
    return [...(await this.#nodes(client, nodes)), ...findings]
  }

  #roots(): LogFinding[] {
    const { size } = this.#range
    const witnesses = this.#witnesses.get(size)
    if (!witnesses) return []
    const root = this.#range.root()
    const against = witnesses.filter((witness) => !witness.root.equals(root))
    const from = this.#confirmed
    if (against.length === 0) this.#confirmed = size
    return against.map(({ place }) => ({
      kind: 'ROOT_DIFFERS',
      message: `the checkpoint of ${size} leaves in ${place} has another root than the leaves: something of ${from} to ${size - 1} is not as it was signed`,
      positions: [from, size - 1],
    }))
  }

  async #nodes(client: Queryable, nodes: readonly HashedSubtree[]): Promise<LogFinding[]> {
    if (nodes.length === 0) return []
    const { rows } = await client.query(
      `SELECT n::int - 1 AS at, hash FROM unnest($1::smallint[], $2::bigint[]) WITH ORDINALITY AS made (level, index, n)
        JOIN waxseal.log_node USING (level, index)`,
      [nodes.map(({ level }) => level), nodes.map(({ index }) => index)],
    )
    const stored = new Map(rows.map(({ at, hash }) => [at as number, hash as Buffer]))
    return nodes.flatMap(({ level, index, hash }, at) => {
      const [from, to] = [index * 2 ** level, (index + 1) * 2 ** level - 1]
      if (stored.get(at)?.equals(hash) || this.#disagrees >= from) return []
      this.#disagrees = from
      return [
        {
          kind: 'NODE_CHANGED' as const,
          message: `node ${index} of level ${level} is not that of its leaves: something of ${from} to ${to} is not as it was appended`,
          positions: [from, to] as const,
        },
      ]
    })
  }
}
