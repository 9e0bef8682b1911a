import type { Command } from 'commander'
import { ConfigurationError } from '../errors.js'
import {
  buildIndexesConcurrently,
  checkGuard,
  guardSql,
  type ProtectedTable,
  type Queryable,
  qualifiedName,
} from '../postgres/index.js'
import { type ConfiguredOptions, loadTables, tablesOn, withConfiguration } from './configured.js'
import { withDatabase } from './database.js'
import { EXIT } from './exit-codes.js'
import { paint, printJson, printLine } from './terminal.js'

type Change = 'install' | 'remove'

export function define(command: Command): void {
  withConfiguration(command.command('sql'))
    .description('print the statements that install it, for a migration of your own; asks no database')
    .option('--remove', 'those that remove it')
    .action(printSql)
  withConfiguration(command.command('check'))
    .description('check that it is there, complete and always on; exit code 1 if not')
    .option('--json', 'print JSON')
    .action(check)
  withConfiguration(command.command('install'))
    .description('install it, or bring it up to date')
    .option('--dry-run', 'print the statements instead')
    .option('--replace-names', 'although it holds other logical names, which stored credentials may be bound to')
    .option('--concurrently', 'build its indexes first, while the application writes: for large tables')
    .action((options: ChangeOptions) => apply('install', options))
  withConfiguration(command.command('remove'))
    .description('remove it: plaintext can then be stored')
    .option('--dry-run', 'print the statements instead')
    .action((options: ChangeOptions) => apply('remove', options))
}

const LOCK_TIMEOUT = '5s'

interface ChangeOptions extends ConfiguredOptions {
  readonly dryRun?: true
  readonly replaceNames?: true
  readonly concurrently?: true
}

async function printSql(options: ConfiguredOptions & { remove?: true }): Promise<void> {
  const { tables } = await loadTables(options)
  print(tables, options.remove ? 'remove' : 'install')
}

async function check(options: ConfiguredOptions & { json?: true }): Promise<void> {
  const setup = await loadTables(options)
  const guards = await withDatabase(setup.configuration, setup.dataSource, async (client) => {
    const states = []
    for (const table of await tablesOn(client, setup)) {
      const { findings } = await checkGuard(client, table)
      states.push({ entity: table.entity, table: qualifiedName(table), findings })
    }
    return states
  })
  const ok = guards.every(({ findings }) => findings.length === 0)
  if (!ok) process.exitCode = EXIT.findings
  if (options.json) return printJson({ ok, guards })
  for (const { table, findings } of guards) {
    printLine(`${findings.length === 0 ? paint('green', '✓') : paint('red', '✗')} ${table}`)
    for (const { code, message, remedy } of findings) printLine(`  ${code}: ${message}\n    → ${remedy}`)
  }
}

async function apply(change: Change, options: ChangeOptions): Promise<void> {
  const setup = await loadTables(options)
  if (options.dryRun) return print(setup.tables, change)
  const tables = await withDatabase(setup.configuration, setup.dataSource, async (client) => {
    const found = await tablesOn(client, setup)
    if (options.concurrently) for (const table of found) await buildIndexesConcurrently(client, table)
    // All tables or none: an application checks them all.
    await client.query('BEGIN')
    // Writers queue behind a lock that is waited for: better to fail than to stop an application for as long as a report runs.
    await client.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`)
    if (change === 'install' && !options.replaceNames) await refuseOtherNames(client, found)
    for (const statement of found.flatMap((table) => guardSql(table)[change])) await client.query(statement)
    await client.query('COMMIT')
    return found
  })
  const done = change === 'install' ? 'guard installed on' : 'guard removed from'
  for (const table of tables) printLine(`${paint('green', '✓')} ${done} ${qualifiedName(table)}`)
}

/** The installed guard may be the only record of the names that stored credentials are bound to. */
async function refuseOtherNames(client: Queryable, tables: readonly ProtectedTable[]): Promise<void> {
  for (const table of tables) {
    const { findings } = await checkGuard(client, table)
    const others = findings.filter(({ code }) => code === 'GUARD_OTHER_NAMES')
    if (others.length === 0) continue
    const lines = others.map(({ message, remedy }) => `\n  ${message}; ${remedy}`)
    throw new ConfigurationError(
      `${qualifiedName(table)}: the installed guard holds other logical names; pass --replace-names when nothing is stored under them${lines.join('')}`,
    )
  }
}

/** A script of its own: whole or not at all. */
function print(tables: readonly ProtectedTable[], change: Change): void {
  printLine('BEGIN;')
  for (const statement of tables.flatMap((table) => guardSql(table)[change])) printLine(`${statement};`)
  printLine('COMMIT;')
}
