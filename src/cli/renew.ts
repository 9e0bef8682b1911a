import type { Command } from 'commander'
import { cipherOf } from '../config/connect-cipher.js'
import { ConfigurationError } from '../errors.js'
import { planRenewal, type RenewalReport, type RenewOptions, renew } from '../rotation/index.js'
import {
  type ConfiguredOptions,
  type ConfiguredTables,
  chosenTables,
  loadTables,
  tablesOn,
  withConfiguration,
} from './configured.js'
import { withDatabase, withPool } from './database.js'
import { EXIT } from './exit-codes.js'
import { interruptible } from './interruptible.js'
import { runLog } from './run-log.js'
import { paint, printJson, printLine } from './terminal.js'
import { addPair } from './value-options.js'
import { wholeNumber } from './whole-number.js'

export function define(command: Command): void {
  withConfiguration(command)
    .option('--entity <name...>', 'only tables of these entities')
    .option('--context <name=value>', 'only rows with this pair, such as tenant=…', addPair)
    .option('--kek <ref>', 'only rows under this KEK: provider:id, or provider:id@version')
    .option('--older-than <duration>', 'only rows whose data key is so old, such as 2y, or may be')
    .option('--all', 'all rows of all tables')
    .option('--dry-run', 'count the rows, and change nothing')
    .option('--batch <rows>', 'rows of one transaction (default: 200)', wholeNumber)
    .option('--concurrency <rows>', 'rows that the KMS is asked about at a time (default: 64)', wholeNumber)
    .option('--json', 'print JSON: an object for each event, and the reports last')
    .addHelpText('after', '\nMay be stopped, and killed, and run again. docs/incident-response.md says what it heals.')
    .action(run)
}

interface Options extends ConfiguredOptions {
  readonly entity?: readonly string[]
  readonly context?: Readonly<Record<string, string>>
  readonly kek?: string
  readonly olderThan?: string
  readonly all?: true
  readonly dryRun?: true
  readonly batch?: number
  readonly concurrency?: number
  readonly json?: true
}

type Filter = Pick<RenewOptions, 'context' | 'kek' | 'olderThan'>

async function run(options: Options): Promise<void> {
  const filter = filterOf(options)
  const setup = await loadTables(options)
  if (options.dryRun) return plan(setup, options, filter)
  const reports = await renewAll(setup, options, filter)
  const isDone = reports.every(({ state, failed }) => state === 'finished' && failed === 0)
  if (!isDone) process.exitCode = EXIT.findings
  if (options.json) return printLine(JSON.stringify({ type: 'reports', reports }))
  for (const line of reports.flatMap(reportLines)) printLine(line)
}

/** All rows have to be asked for: it decrypts every field of a table. */
function filterOf({ entity, context, kek, olderThan, all }: Options): Filter {
  const asked = [entity, context, kek, olderThan].some((each) => each !== undefined)
  if (asked === (all === true)) {
    throw new ConfigurationError('renew: expected --entity, --context, --kek or --older-than, or --all without them')
  }
  const pairs = Object.entries(context ?? {})
  if (pairs.length > 1) throw new ConfigurationError('--context: expected one pair, found several')
  return {
    ...(pairs[0] && { context: { pair: pairs[0][0], value: pairs[0][1] } }),
    ...(kek !== undefined && { kek }),
    ...(olderThan !== undefined && { olderThan }),
  }
}

async function renewAll(setup: ConfiguredTables, options: Options, filter: Filter): Promise<RenewalReport[]> {
  const { configuration, dataSource } = setup
  // Each data key is used once.
  await using cipher = await cipherOf(configuration, { cache: false })
  return await interruptible((signal) =>
    withPool(configuration, dataSource, async (pool) => {
      const { batch: batchRows, concurrency } = options
      return renew({
        ...{ cipher, pool, signal, onEvent: runLog(options.json === true) },
        tables: chosenTables(await tablesOn(pool, setup), options.entity),
        ...filter,
        ...(batchRows !== undefined && { batchRows }),
        ...(concurrency !== undefined && { concurrency }),
      })
    }),
  )
}

async function plan(setup: ConfiguredTables, options: Options, filter: Filter): Promise<void> {
  const plans = await withDatabase(setup.configuration, setup.dataSource, async (client) =>
    planRenewal(client, chosenTables(await tablesOn(client, setup), options.entity), filter),
  )
  if (options.json) return printJson({ dryRun: true, tables: plans })
  for (const { table, rows } of plans) printLine(`${table}: ${rows} would get a new data key`)
  printLine('Nothing was changed.')
}

function reportLines({ entity, run: id, state, renewed, kept, shredded, empty, failed }: RenewalReport): string[] {
  const isDone = state === 'finished' && failed === 0
  const others = Object.entries({ 'not asked for': kept, shredded, 'without an envelope': empty })
  return [
    `${isDone ? paint('green', '✓') : paint('red', '✗')} ${entity}: ${renewed} have a new data key`,
    ...others.filter(([, rows]) => rows > 0).map(([what, rows]) => `  ${rows} ${what}`),
    ...(failed > 0 ? [`  ${failed} failed, and are as they were: waxseal runs failures ${id}`] : []),
    ...(state === 'finished' ? [] : [`  ${state}; it goes on where it was when it is run again`]),
  ]
}
