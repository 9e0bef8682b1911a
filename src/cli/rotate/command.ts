import { type Command, Option } from 'commander'
import { cipherOf } from '../../config/connect-cipher.js'
import { ConfigurationError } from '../../errors.js'
import { planRotation, type RotationReport, rotate } from '../../rotation/index.js'
import {
  type ConfiguredOptions,
  type ConfiguredTables,
  chosenTables,
  loadTables,
  tablesOn,
  withConfiguration,
} from '../configured.js'
import { withDatabase, withPool } from '../database.js'
import { EXIT } from '../exit-codes.js'
import { interruptible } from '../interruptible.js'
import { runLog } from '../run-log.js'
import { printJson, printLine } from '../terminal.js'
import { decimal, wholeNumber } from '../whole-number.js'
import { budgetedCipher } from './budgeted-cipher.js'
import { leaveToWorkers } from './distributed.js'
import { estimate, type Limits } from './estimate.js'
import { kekPerContextOf } from './kek-per-context.js'
import { planLines } from './plan-lines.js'
import { isDone, reportLines } from './report-lines.js'

export function define(command: Command): void {
  withConfiguration(command)
    .option('--entity <name...>', 'only tables of these entities (default: all)')
    .option('--dry-run', 'count what is stale, and say what it would take; changes nothing')
    .option(
      '--rate <calls>',
      'calls a second to a KEK, by all processes together (default: what the KMS allows)',
      wholeNumber,
    )
    .option('--price <dollars>', 'with --dry-run: what 10,000 calls to the KMS cost', decimal)
    .addOption(
      new Option('--verify <wraps>', 'unwrap each new wrap before it is stored, or a sample of them after the run')
        .choices(['each', 'sample'])
        .default('each'),
    )
    .option('--batch <rows>', 'rows of one transaction (default: 1000)', wholeNumber)
    .option('--concurrency <rows>', 'rows whose data keys are rewrapped at a time (default: 64)', wholeNumber)
    .option('--distributed', 'leave the work to the processes of "waxseal worker", and show what they have come to')
    .option('--detach', 'with --distributed: begin, and do not wait for the end')
    .option('--json', 'print JSON: an object for each event, and the reports last')
    .addHelpText('after', '\nMay be stopped, and killed, and run again. docs/rotation.md')
    .action(run)
}

interface Options extends ConfiguredOptions, Limits {
  readonly entity?: readonly string[]
  readonly dryRun?: true
  readonly verify: 'each' | 'sample'
  readonly batch?: number
  readonly concurrency?: number
  readonly distributed?: true
  readonly detach?: true
  readonly json?: true
}

async function run(options: Options): Promise<void> {
  const setup = await loadTables(options)
  if (options.dryRun) return plan(setup, options)
  if (options.detach && !options.distributed) {
    throw new ConfigurationError('--detach: expected --distributed beside it; without, nobody else does the work')
  }
  const reports = options.distributed ? await leaveToWorkers(setup, options) : await rotateAll(setup, options)
  if (options.detach) return
  const areDone = reports.every(isDone)
  if (!areDone) process.exitCode = EXIT.findings
  if (options.json) return printLine(JSON.stringify({ type: 'reports', reports }))
  for (const line of reports.flatMap(reportLines)) printLine(line)
}

async function rotateAll(setup: ConfiguredTables, options: Options): Promise<RotationReport[]> {
  const { configuration, dataSource } = setup
  return interruptible((signal) =>
    withPool(configuration, dataSource, async (pool) => {
      const { batch: batchRows, concurrency, verify, rate } = options
      await using cipher = await budgetedCipher(configuration, pool, rate)
      // Awaited here: the cipher is closed when the function returns.
      return await rotate({
        ...{ cipher, pool, signal, verify, onEvent: runLog(options.json === true) },
        ...(rate !== undefined && { rate }),
        tables: chosenTables(await tablesOn(pool, setup), options.entity),
        kekPerContext: kekPerContextOf(configuration),
        ...(batchRows !== undefined && { batchRows }),
        ...(concurrency !== undefined && { concurrency }),
      })
    }),
  )
}

async function plan(setup: ConfiguredTables, options: Options): Promise<void> {
  const { configuration, dataSource } = setup
  await using cipher = await cipherOf(configuration)
  const kekPerContext = kekPerContextOf(configuration)
  const plans = await withDatabase(configuration, dataSource, async (client) => {
    const found = []
    for (const table of chosenTables(await tablesOn(client, setup), options.entity)) {
      const planned = await planRotation(client, { table, cipher, kekPerContext })
      found.push({ ...planned, estimates: await estimate(planned.operations, options) })
    }
    return found
  })
  if (options.json) return printJson({ dryRun: true, tables: plans })
  for (const line of plans.flatMap(planLines)) printLine(line)
}
