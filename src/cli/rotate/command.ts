import { type Command, Option } from 'commander'
import { cipherOf } from '../../config/connect-cipher.js'
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
import { paint, printJson, printLine } from '../terminal.js'
import { decimal, wholeNumber } from '../whole-number.js'
import { estimate, type Limits } from './estimate.js'
import { kekPerContextOf } from './kek-per-context.js'
import { planLines } from './plan-lines.js'

export function define(command: Command): void {
  withConfiguration(command)
    .option('--entity <name...>', 'only tables of these entities (default: all)')
    .option('--dry-run', 'count what is stale, and say what it would take; changes nothing')
    .option('--rate <calls>', 'with --dry-run: calls a second that the KMS allows', wholeNumber)
    .option('--price <dollars>', 'with --dry-run: what 10,000 calls to the KMS cost', decimal)
    .addOption(
      new Option('--verify <wraps>', 'unwrap each new wrap before it is stored, or a sample of them after the run')
        .choices(['each', 'sample'])
        .default('each'),
    )
    .option('--batch <rows>', 'rows of one transaction (default: 1000)', wholeNumber)
    .option('--concurrency <rows>', 'rows whose data keys are rewrapped at a time (default: 64)', wholeNumber)
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
  readonly json?: true
}

async function run(options: Options): Promise<void> {
  const setup = await loadTables(options)
  if (options.dryRun) return plan(setup, options)
  const reports = await rotateAll(setup, options)
  const areDone = reports.every(isDone)
  if (!areDone) process.exitCode = EXIT.findings
  if (options.json) return printLine(JSON.stringify({ type: 'reports', reports }))
  for (const line of reports.flatMap(reportLines)) printLine(line)
}

async function rotateAll(setup: ConfiguredTables, options: Options): Promise<RotationReport[]> {
  const { configuration, dataSource } = setup
  await using cipher = await cipherOf(configuration)
  // Awaited here: the cipher is closed when the function returns.
  return await interruptible((signal) =>
    withPool(configuration, dataSource, async (pool) => {
      const { batch: batchRows, concurrency, verify } = options
      return rotate({
        ...{ cipher, pool, signal, verify, onEvent: runLog(options.json === true) },
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

function isDone({ state, failed, restored }: RotationReport): boolean {
  return state === 'finished' && failed === 0 && restored === 0
}

function reportLines(report: RotationReport): string[] {
  const { entity, run, state, rewrapped, compared, current, shredded, empty, failed, opened, restored } = report
  const others = Object.entries({ current, shredded, 'without an envelope': empty }).filter(([, rows]) => rows > 0)
  return [
    `${isDone(report) ? paint('green', '✓') : paint('red', '✗')} ${entity}: ${rewrapped} rewrapped; the field columns of ${compared} compared, before and after: none changed`,
    ...others.map(([what, rows]) => `  ${rows} ${what}`),
    ...(opened > 0 ? [`  the wraps of ${opened} opened; the old ones are thrown away`] : []),
    ...(restored > 0 ? [`  ${restored} have their old wraps again: a new one did not open`] : []),
    ...(failed > 0 ? [`  ${failed} failed: waxseal runs failures ${run}`] : []),
    ...(state === 'running' ? ['  stopped; it goes on where it was when it is run again'] : []),
    ...(state === 'paused' ? [`  paused; go on with waxseal runs resume ${run}, and run it again`] : []),
    ...(state === 'cancelled' ? ['  cancelled; what was rewrapped stays so'] : []),
  ]
}
