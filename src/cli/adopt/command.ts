import type { Command } from 'commander'
import { withConfiguration } from '../configured.js'
import { wholeNumber } from '../whole-number.js'
import { rollbackTables, runTables, verifyTables } from './runs.js'
import { cleanTables, enforceTables, planTables, prepareTables } from './steps.js'

export function define(command: Command): void {
  step(command, 'plan', 'say what an adoption would change, and which rows look ambiguous; writes nothing')
    .option('--sample <rows>', 'rows that are looked at (default: 10000)', wholeNumber)
    .action(planTables)
  step(command, 'prepare', 'add columns and indexes, and install the adoption guard; no lock is waited for long')
    .option('--dry-run', 'print the statements instead')
    .action(prepareTables)
  const run = step(command, 'run', 'encrypt the rows that have no envelope, resumably')
    .option('--dry-run', 'read all rows as the run would, and change nothing')
    .option('--verbose', 'with --dry-run: print the rows that no reader reads')
  fenced(paced(run)).action(runTables)
  paced(step(command, 'verify', 'open every row, and compare it with its source; stores nothing')).action(verifyTables)
  fenced(step(command, 'enforce', 'put the full guard in place, once no plaintext is left')).action(enforceTables)
  fenced(step(command, 'clean', 'drop the sources: there is no way back afterwards'))
    .option('--yes', 'drop them; this cannot be taken back')
    .action(cleanTables)
  const rollback = step(command, 'rollback', 'decrypt every row into its source; until clean')
    .option('--dry-run', 'open every row, and change nothing')
    .option('--yes', 'store the values in plaintext again')
  fenced(paced(rollback)).action(rollbackTables)
}

function step(command: Command, name: string, what: string): Command {
  return withConfiguration(command.command(name))
    .description(what)
    .option('--entity <name...>', 'only tables of these entities (default: all that declare an adoption)')
    .option('--json', 'print JSON')
}

function fenced(command: Command): Command {
  return command
    .option('--processes <number>', 'how many processes have to be in the fleet (default: 1)', wholeNumber)
    .option('--ignore-session <name...>', 'sessions of this application_name are known not to write the tables')
}

function paced(command: Command): Command {
  return command
    .option('--rate <rows>', 'rows a second, of this process (default: as fast as it goes)', wholeNumber)
    .option('--batch <rows>', 'rows of one transaction (default: 1000)', wholeNumber)
    .option('--concurrency <rows>', 'rows that wait for the KMS at a time (default: 64)', wholeNumber)
}
