import { systemClock } from '../kms/clock.js'
import { readCatalog } from '../postgres/guard-catalog.js'
import { guardSql } from '../postgres/guard-sql.js'
import type { ProtectedTable } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { adoptedTable } from './adopted-table.js'
import { recordReopened } from './adoption-state.js'
import { preparedAdoption } from './enforce.js'
import { type AdoptionFenceOptions, objectionsOf } from './fence.js'
import { refuseOtherNames } from './guard-stage.js'
import { withLockAttempts } from './lock-attempts.js'
import type { ColumnTypes } from './row-change.js'
import { type AdoptionStep, objected } from './step.js'

/**
 * The adoption guard again, before a rollback: under the full one no row may lose its envelope and keep its value. Only while
 * all processes read and write rows without one as they are.
 */
export async function reopen(
  client: Queryable,
  declared: ProtectedTable,
  fence: AdoptionFenceOptions = {},
): Promise<AdoptionStep> {
  const table = adoptedTable(declared)
  await preparedAdoption(client, table)
  await refuseOtherNames(client, table)
  const objections = await objectionsOf(client, table, ['adopt-read'], fence)
  if (objections.length > 0) return objected(objections)
  await withLockAttempts(client, systemClock, async () => {
    for (const statement of guardSql(table, 'adoption').install) await client.query(statement)
    await recordReopened(client, table)
  })
  return { done: ['the guard of the adoption is in place'], objections: [] }
}

/** The types of the sources that are no text: what `rollback` has to write them as. */
export async function sourceTypes(client: Queryable, declared: ProtectedTable): Promise<ColumnTypes> {
  const table = adoptedTable(declared)
  const catalog = await readCatalog(client, table)
  return Object.fromEntries(
    table.adopted.flatMap(({ adoption: { source } }) => {
      const type = catalog?.columns.get(source)?.type ?? ''
      return /^jsonb?$/.test(type) ? [[source, type]] : []
    }),
  )
}
