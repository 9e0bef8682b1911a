import type { Command } from 'commander'
import { installSchema, missingMigrations, schemaSql } from '../lifecycle/index.js'
import { type ConfiguredOptions, withConfiguration } from './configured.js'
import { EXIT } from './exit-codes.js'
import { onDatabase } from './on-database.js'
import { paint, printJson, printLine } from './terminal.js'

export function define(command: Command): void {
  command
    .command('sql')
    .description('print the statements that install it, for a migration of your own; asks no database')
    .action(printSql)
  withConfiguration(command.command('check'))
    .description('check that it is there and up to date; exit code 1 if not')
    .option('--json', 'print JSON')
    .action(check)
  withConfiguration(command.command('install'))
    .description('install it, or bring it up to date')
    .option('--dry-run', 'print the statements instead')
    .action(install)
}

async function check(options: ConfiguredOptions & { json?: true }): Promise<void> {
  const missing = await onDatabase(options, missingMigrations)
  const ok = missing.length === 0
  if (!ok) process.exitCode = EXIT.findings
  if (options.json) return printJson({ ok, missing })
  if (ok) return printLine(`${paint('green', '✓')} the schema "waxseal" is up to date`)
  printLine(`${paint('red', '✗')} the schema "waxseal" lacks ${missing.join(', ')}\n    → waxseal schema install`)
}

async function install(options: ConfiguredOptions & { dryRun?: true }): Promise<void> {
  if (options.dryRun) return printSql()
  await onDatabase(options, async (client) => {
    await client.query('BEGIN')
    await installSchema(client)
    await client.query('COMMIT')
  })
  printLine(`${paint('green', '✓')} the schema "waxseal" is up to date`)
}

/** A script of its own: whole or not at all. */
function printSql(): void {
  for (const statement of ['BEGIN', ...schemaSql(), 'COMMIT']) printLine(`${statement};`)
}
