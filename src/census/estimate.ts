import type { KekRef } from '../kms/provider.js'
import { isOfFormat1 } from '../postgres/guard-shapes.js'
import { type ProtectedTable, qualifiedName, quoteIdentifier } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { setHash } from '../postgres/set-index.js'

/** The rows whose wraps are under one set of KEKs. */
export interface SetEstimate {
  /**
   * In the order of the wraps; none for rows without an envelope and for shredded ones, null for metadata that is not of
   * format 1, which may name anything.
   */
  readonly keks: readonly KekRef[] | null
  /** What the planner expects. */
  readonly rows: number
}

export interface TableEstimate {
  readonly entity: string
  readonly table: string
  readonly sets: readonly SetEstimate[]
}

/**
 * Which sets of KEKs there are, exactly, and about how many rows have each: the index of the guard is asked for one row of each
 * set, and the planner, whose statistics are as old as the last `ANALYZE`, for the rest. Takes milliseconds for any table.
 */
export async function estimateOf(client: Queryable, table: ProtectedTable): Promise<TableEstimate> {
  const { rows } = await client.query(setsSql(table))
  const sets: SetEstimate[] = []
  for (const { hash, keks } of rows as { hash: string; keks: readonly KekRef[] | null }[]) {
    sets.push({ keks: keks?.map(copyOf) ?? null, rows: await expectedRows(client, table, hash) })
  }
  return { entity: table.entity, table: qualifiedName(table), sets: sets.sort((a, b) => b.rows - a.rows) }
}

const copyOf = ({ provider, id, version }: KekRef): KekRef => ({ provider, id, version })

/** The next hash behind the last, until there is none: one step in the index for each set. */
export function setsSql(table: ProtectedTable): string {
  const [name, hash] = [qualifiedName(table), setHash(table)]
  const metadata = `stored.${quoteIdentifier(table.metadata)}`
  const next = (behind: string) => `(SELECT ${hash} FROM ${name} AS stored ${behind} ORDER BY ${hash} LIMIT 1)`
  return `WITH RECURSIVE found (hash) AS (
      SELECT ${next('')}
      UNION ALL
      SELECT ${next(`WHERE ${hash} > found.hash`)} FROM found WHERE found.hash IS NOT NULL
    )
    SELECT found.hash::text AS hash, (
      SELECT CASE WHEN (${isOfFormat1(metadata)}) IS TRUE THEN jsonb_path_query_array(${metadata}, '$.wraps[*].kek') END
      FROM ${name} AS stored WHERE ${hash} = found.hash LIMIT 1
    ) AS keks
    FROM found WHERE found.hash IS NOT NULL`
}

async function expectedRows(client: Queryable, table: ProtectedTable, hash: string): Promise<number> {
  // As a literal: it is a number of the database's own, and a plan for a parameter would be one for any set.
  const { rows } = await client.query(
    `EXPLAIN (FORMAT JSON) SELECT FROM ${qualifiedName(table)} AS stored WHERE ${setHash(table)} = '${BigInt(hash)}'::bigint`,
  )
  const plan = rows[0]?.['QUERY PLAN'] as [{ Plan: { 'Plan Rows': number } }]
  return plan[0].Plan['Plan Rows']
}
