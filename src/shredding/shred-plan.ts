import type { KekRef } from '../kms/provider.js'
import { type ProtectedTable, qualifiedName, quoteIdentifier } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { type ShredTarget, type TargetedTable, targetedTables } from './shred-target.js'

/** What `shred` would find now. */
export interface ShredPlan {
  readonly entity: string
  readonly table: string
  /** Rows that would be shredded. */
  readonly rows: number
  /** Rows of the target that have been shredded before. */
  readonly shredded: number
  /** Rows of the target without an envelope. */
  readonly empty: number
  /** The versions of KEKs that the wraps are under, with the number of wraps. */
  readonly keks: readonly { readonly kek: KekRef; readonly wraps: number }[]
}

/** Counts and changes nothing. */
export async function planShred(
  client: Queryable,
  target: ShredTarget,
  tables: readonly ProtectedTable[],
): Promise<ShredPlan[]> {
  const plans: ShredPlan[] = []
  for (const each of targetedTables(target, tables)) plans.push(await planTable(client, each))
  return plans
}

async function planTable(client: Queryable, { table, where, values }: TargetedTable): Promise<ShredPlan> {
  const metadata = `stored.${quoteIdentifier(table.metadata)}`
  const from = `FROM ${qualifiedName(table)} AS stored WHERE ${where}`
  const count = (condition: string) => `count(*) FILTER (WHERE ${condition})::int`
  const { rows: counts } = await client.query(
    `SELECT ${count(`${metadata} -> 'wraps' IS NOT NULL`)} AS rows, ${count(`${metadata} -> 'shredded' IS NOT NULL`)} AS shredded,
      ${count(`${metadata} = '{}'`)} AS empty ${from}`,
    [...values],
  )
  const { rows: keks } = await client.query(
    `SELECT kek, count(*)::int AS wraps
     FROM (SELECT jsonb_path_query(${metadata}, '$.wraps[*].kek') AS kek ${from}) AS wrap GROUP BY kek ORDER BY kek`,
    [...values],
  )
  return {
    entity: table.entity,
    table: qualifiedName(table),
    ...(counts[0] as unknown as Pick<ShredPlan, 'rows' | 'shredded' | 'empty'>),
    keks: keks as unknown as ShredPlan['keks'],
  }
}
