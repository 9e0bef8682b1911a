import type { DataSource } from 'typeorm'
import { assertStoredNames } from '../postgres/guard-check.js'
import { guardSql } from '../postgres/guard-sql.js'
import type { ProtectedTable } from '../postgres/protected-table.js'
import { type Mode, modeOf } from './mode.js'
import { protectedTablesOf, queryableOf } from './protected-tables.js'
import { runTogether } from './run-together.js'

/** Installs the guard on every protected table that exists, unless there is one that holds other logical names. */
export async function installGuards(dataSource: DataSource, mode: Mode): Promise<void> {
  await runOnTables(dataSource, (table) => guardSql(table, modeOf(mode, table.fields).guard).install)
}

export async function removeGuards(dataSource: DataSource): Promise<void> {
  await runOnTables(dataSource, (table) => guardSql(table).remove)
}

async function runOnTables(
  dataSource: DataSource,
  statementsOf: (table: ProtectedTable) => readonly string[],
): Promise<void> {
  await dataSource.transaction(async ({ queryRunner }) => {
    for (const table of protectedTablesOf(dataSource)) {
      const exists = await assertStoredNames(queryableOf(queryRunner!), table)
      if (exists) await runTogether(queryRunner!, statementsOf(table))
    }
  })
}
