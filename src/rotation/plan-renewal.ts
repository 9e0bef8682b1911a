import { type ProtectedTable, qualifiedName } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { filterOf, type RenewOptions } from './renew.js'
import { assertFilter, wantedOf } from './renewal-filter.js'

/** What `renew` would find now. */
export interface RenewalPlan {
  readonly entity: string
  readonly table: string
  /** Rows that would get a new data key. Each needs two unwraps and a new data key of the KMS, and a wrap for each recipient. */
  readonly rows: number
}

/** Counts and changes nothing. */
export async function planRenewal(
  client: Queryable,
  tables: readonly ProtectedTable[],
  options: Pick<RenewOptions, 'context' | 'kek' | 'olderThan'> = {},
): Promise<RenewalPlan[]> {
  const filter = filterOf(options)
  assertFilter(filter, tables)
  const plans: RenewalPlan[] = []
  for (const table of tables) {
    const wanted = wantedOf(table, filter, Date.now())
    if (!wanted) continue
    const { rows } = await client.query(
      `SELECT count(*)::float8 AS rows FROM ${qualifiedName(table)} AS stored WHERE ${wanted.where}`,
      [...wanted.values],
    )
    plans.push({ entity: table.entity, table: qualifiedName(table), rows: rows[0]!.rows as number })
  }
  return plans
}
