import { oidOf } from './guard-index.js'
import type { ProtectedTable } from './protected-table.js'
import type { Queryable } from './queryable.js'

/** A trigger of the user's that fires when a row is updated. */
export interface UpdateTrigger {
  readonly name: string
  readonly definition: string
  readonly enabled: boolean
}

/** Every trigger on UPDATE but those of the guard and of constraints. A rotation fires them for each row. */
export async function updateTriggers(client: Queryable, table: ProtectedTable): Promise<UpdateTrigger[]> {
  const { rows } = await client.query(
    `SELECT tgname AS name, pg_get_triggerdef(pg_trigger.oid) AS definition, tgenabled <> 'D' AS enabled
      FROM pg_catalog.pg_trigger JOIN pg_catalog.pg_proc ON pg_proc.oid = tgfoid
      WHERE tgrelid = ${oidOf(table)} AND NOT tgisinternal AND tgtype & 16 <> 0 AND proname <> 'waxseal_refuse'
      ORDER BY tgname`,
  )
  return rows as unknown as UpdateTrigger[]
}
