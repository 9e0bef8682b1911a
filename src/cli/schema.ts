import type { Command } from 'commander'
import { ConfigurationError } from '../errors.js'
import { installSchema, missingMigrations, schemaSql } from '../lifecycle/index.js'
import { WakeUps } from '../rotation/wake-ups.js'
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
    .option('--distributed', 'also the schema "pgboss", through which several machines share rotations')
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

async function install(options: ConfiguredOptions & { dryRun?: true; distributed?: true }): Promise<void> {
  const { dryRun, distributed } = options
  if (dryRun && distributed) {
    throw new ConfigurationError('--dry-run: expected no --distributed beside it; pg-boss makes its own tables')
  }
  if (dryRun) return printSql()
  await onDatabase(options, async (client) => {
    await client.query('BEGIN')
    await installSchema(client)
    await client.query('COMMIT')
    if (distributed) await (await WakeUps.connect(client)).close()
  })
  printLine(`${paint('green', '✓')} the schema "waxseal" is up to date`)
  if (distributed) printLine(`${paint('green', '✓')} the schema "pgboss" is there, with its queue`)
}

/** A script of its own: whole or not at all. */
function printSql(): void {
  for (const statement of ['BEGIN', ...schemaSql(), 'COMMIT']) printLine(`${statement};`)
}
