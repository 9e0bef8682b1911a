import type { DataSource } from 'typeorm'
import { guardSql } from '../postgres/guard-sql.js'
import { type ProtectedTable, qualifiedName } from '../postgres/protected-table.js'
import { protectedTablesOf } from './protected-tables.js'

/** Installs the guard on every protected table that exists. */
export async function installGuards(dataSource: DataSource): Promise<void> {
  await runOnTables(dataSource, (table) => guardSql(table).install)
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
      for (const statement of statementsOf(table)) await queryRunner!.query(statement)
    }
  })
}
