import { LogInconsistentError } from '../../errors.js'
import type { Queryable } from '../../postgres/queryable.js'
import { CompactRange, type HashedSubtree } from './compact-range.js'
import { consistencyPath, inclusionPath, type LeafRange, rootOf, type Subtree, subtreesOf } from './subtree.js'

/** From this level upwards the roots of complete subtrees are stored. */
export const STORED_LEVEL = 8
const GROUP = 2 ** STORED_LEVEL

/** The tree as far as it is stored; what is not stored of a subtree is hashed anew, from at most 256 leaves. */
export async function readRange(client: Queryable, size: number): Promise<CompactRange> {
  const whole = { start: 0, end: size }
  const read = await readSubtrees(client, subtreesOf(whole))
  return new CompactRange(size, subtreesOf(whole).map(read))
}

/** The audit path of each position, the lowest node first. */
export async function proveInclusion(
  client: Queryable,
  positions: readonly number[],
  size: number,
): Promise<readonly (readonly Buffer[])[]> {
  const outside = positions.find((position) => position >= size)
  if (outside !== undefined) throw new RangeError(`expected positions below ${size}, found ${outside}`)
  return hashPaths(
    client,
    positions.map((position) => inclusionPath(position, size)),
  )
}

export async function proveConsistency(client: Queryable, before: number, size: number): Promise<readonly Buffer[]> {
  if (before > size) throw new RangeError(`expected a size of at most ${size}, found ${before}`)
  // The empty tree is extended by every other: there is nothing to hash.
  if (before === 0) return []
  const [path] = await hashPaths(client, [consistencyPath(before, size)])
  return path!
}

/** How many leaves there are. */
export async function readSize(client: Queryable): Promise<number> {
  const { rows } = await client.query('SELECT coalesce(max(position) + 1, 0) AS size FROM waxseal.log_leaf')
  return Number(rows[0]!.size)
}

async function hashPaths(client: Queryable, paths: readonly (readonly LeafRange[])[]): Promise<Buffer[][]> {
  const read = await readSubtrees(client, paths.flat().flatMap(subtreesOf))
  return paths.map((path) => path.map((range) => rootOf(subtreesOf(range).map(read))))
}

/** All of them by two statements, however many. */
async function readSubtrees(client: Queryable, subtrees: readonly Subtree[]): Promise<(subtree: Subtree) => Buffer> {
  const stored = subtrees.filter(({ level }) => level >= STORED_LEVEL)
  const below = subtrees.filter(({ level }) => level < STORED_LEVEL)
  const hashes = await readNodes(client, stored)
  for (const subtree of await readGroups(client, [...new Set(below.map(groupOf))])) {
    hashes.set(nameOf(subtree), subtree.hash)
  }
  return (subtree) => {
    const hash = hashes.get(nameOf(subtree))
    if (hash) return hash
    throw new LogInconsistentError(
      `the log lacks ${nameOf(subtree)}; "waxseal audit check" says what else is wrong with it`,
    )
  }
}

function nameOf({ level, index }: Subtree): string {
  return level === 0 ? `leaf ${index}` : `what node ${index} of level ${level} needs`
}

function groupOf({ level, index }: Subtree): number {
  return Math.floor((index * 2 ** level) / GROUP)
}

async function readNodes(client: Queryable, nodes: readonly Subtree[]): Promise<Map<string, Buffer>> {
  if (nodes.length === 0) return new Map()
  const { rows } = await client.query(
    `SELECT level, index, hash FROM waxseal.log_node
      JOIN (SELECT DISTINCT * FROM unnest($1::smallint[], $2::bigint[]) AS wanted (level, index)) wanted USING (level, index)`,
    [nodes.map(({ level }) => level), nodes.map(({ index }) => index)],
  )
  return new Map(
    rows.map(({ level, index, hash }) => [nameOf({ level: Number(level), index: Number(index) }), hash as Buffer]),
  )
}

/** Every complete subtree within the groups of 256 leaves, as far as the leaves go. */
async function readGroups(client: Queryable, groups: readonly number[]): Promise<readonly HashedSubtree[]> {
  if (groups.length === 0) return []
  const { rows } = await client.query(
    `SELECT position, hash FROM unnest($1::bigint[]) AS first
      JOIN waxseal.log_leaf ON position >= first AND position < first + $2::bigint ORDER BY position`,
    [groups.map((group) => group * GROUP), GROUP],
  )
  const ranges = new Map(groups.map((group) => [group, new CompactRange()]))
  return rows.flatMap((row) => {
    const [position, hash] = [Number(row.position), row.hash as Buffer]
    const first = Math.floor(position / GROUP) * GROUP
    const range = ranges.get(first / GROUP)!
    // Behind a gap no subtree is complete.
    if (position !== first + range.size) return []
    const above = range.append(hash).map(({ level, index, hash: node }) => {
      return { level, index: first / 2 ** level + index, hash: node }
    })
    return [{ level: 0, index: position, hash }, ...above]
  })
}
