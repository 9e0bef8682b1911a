import type { ProtectedTable } from '../postgres/protected-table.js'
import { qualifiedName } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import type { AdoptedTable } from './adopted-table.js'

/** One field of an adoption, as it was prepared. */
export interface PreparedField {
  readonly column: string
  readonly placement: 'side' | 'inPlace'
  readonly source: string
}

/** How far the adoption of a table is. Kept in the database, since the declaration is removed before the last step. */
export interface AdoptionState {
  readonly fields: readonly PreparedField[]
  /** The sources that were NOT NULL until `enforce`. */
  readonly droppedNotNull: readonly string[]
  readonly preparedAt: Date
  readonly enforcedAt: Date | null
  /** From then on there is no way back. */
  readonly cleanedAt: Date | null
}

/** Undefined for a table that was never prepared. */
export async function readAdoption(client: Queryable, table: ProtectedTable): Promise<AdoptionState | undefined> {
  const { rows } = await client.query(
    `SELECT fields, dropped_not_null AS "droppedNotNull", prepared_at AS "preparedAt", enforced_at AS "enforcedAt",
      cleaned_at AS "cleanedAt" FROM waxseal.adoption WHERE table_name = $1`,
    [qualifiedName(table)],
  )
  return rows[0] as unknown as AdoptionState | undefined
}

/** A table that was cleaned begins anew: with further fields. */
export async function recordPrepared(client: Queryable, table: AdoptedTable): Promise<void> {
  const fields: PreparedField[] = table.adopted.map(({ column, adoption: { placement, source } }) => {
    return { column, placement, source }
  })
  await client.query(
    `INSERT INTO waxseal.adoption AS stored (table_name, entity, fields) VALUES ($1, $2, $3)
      ON CONFLICT (table_name) DO UPDATE SET fields = excluded.fields, prepared_at = excluded.prepared_at,
        entity = excluded.entity, enforced_at = NULL, cleaned_at = NULL, dropped_not_null = '{}'
      WHERE stored.fields <> excluded.fields OR stored.cleaned_at IS NOT NULL`,
    [qualifiedName(table), table.entity, JSON.stringify(fields)],
  )
}

export async function recordEnforced(
  client: Queryable,
  table: ProtectedTable,
  notNull: readonly string[],
): Promise<void> {
  await client.query(
    `UPDATE waxseal.adoption SET enforced_at = coalesce(enforced_at, clock_timestamp()),
      dropped_not_null = dropped_not_null || $2 WHERE table_name = $1`,
    [qualifiedName(table), notNull],
  )
}

/** The adoption guard is back: as after `prepare`. */
export async function recordReopened(client: Queryable, table: ProtectedTable): Promise<void> {
  await client.query('UPDATE waxseal.adoption SET enforced_at = NULL WHERE table_name = $1', [qualifiedName(table)])
}

export async function recordCleaned(client: Queryable, table: ProtectedTable): Promise<void> {
  await client.query(
    'UPDATE waxseal.adoption SET cleaned_at = coalesce(cleaned_at, clock_timestamp()) WHERE table_name = $1',
    [qualifiedName(table)],
  )
}
