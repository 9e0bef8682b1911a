import type { DataSource } from 'typeorm'
import { assertStoredNames } from '../postgres/guard-check.js'
import { guardSql } from '../postgres/guard-sql.js'
import { type ProtectedTable, qualifiedName } from '../postgres/protected-table.js'
import { type Mode, modeOf } from './mode.js'
import { protectedTablesOf, queryableOf } from './protected-tables.js'

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
      const [{ found }] = await queryRunner!.query('SELECT to_regclass($1) AS found', [qualifiedName(table)])
      if (found === null) continue
      await assertStoredNames(queryableOf(queryRunner!), table)
      for (const statement of statementsOf(table)) await queryRunner!.query(statement)
    }
  })
}
