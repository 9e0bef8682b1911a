import type { Command } from 'commander'
import { secondsOf } from '../../lifecycle/duration.js'
import { runWorker, type WorkerEvent } from '../../rotation/worker.js'
import { type ConfiguredOptions, chosenTables, loadTables, tablesOn, withConfiguration } from '../configured.js'
import { withPool } from '../database.js'
import { failureOf } from '../failure.js'
import { interruptible } from '../interruptible.js'
import { budgetedCipher } from '../rotate/budgeted-cipher.js'
import { kekPerContextOf } from '../rotate/kek-per-context.js'
import { runLog } from '../run-log.js'
import { printLine, tell } from '../terminal.js'
import { wholeNumber } from '../whole-number.js'

export function define(command: Command): void {
  withConfiguration(command)
    .option('--entity <name...>', 'only tables of these entities (default: all)')
    .option('--concurrency <rows>', 'rows whose data keys are rewrapped at a time (default: 64)', wholeNumber)
    .option('--json', 'print an object for each event')
    .addHelpText('after', '\nUntil SIGTERM or Ctrl-C, which end it after the batch at hand. docs/rotation.md')
    .action(run)
}

interface Options extends ConfiguredOptions {
  readonly entity?: readonly string[]
  readonly concurrency?: number
  readonly json?: true
}

async function run(options: Options): Promise<void> {
  const setup = await loadTables(options)
  const { configuration, dataSource } = setup
  const { concurrency, entity, json = false } = options
  const every = configuration.rotation?.every
  await interruptible((signal) =>
    withPool(configuration, dataSource, async (pool) =>
      runWorker({
        cipherFor: ({ rate }) => budgetedCipher(configuration, pool, rate),
        tables: chosenTables(await tablesOn(pool, setup), entity),
        ...{ pool, signal, onEvent: workerLog(json), kekPerContext: kekPerContextOf(configuration) },
        everySeconds: every === undefined ? undefined : secondsOf(every),
        ...(concurrency !== undefined && { concurrency }),
      }),
    ),
  )
}

function workerLog(json: boolean): (event: WorkerEvent) => void {
  const tellRun = runLog(json)
  const put = json ? (_: string, event: object) => printLine(JSON.stringify(event)) : tell
  return (event) => {
    if (event.type === 'ready') put('waits for rotations', event)
    else if (event.type === 'alive') put(event.run ? `alive, at work on ${event.run}` : 'alive, waits', event)
    else if (event.type === 'begun') put(`began the rotation of ${event.run.table}, which was due`, event)
    else if (event.type === 'report')
      put(`${event.report.entity}: run ${event.report.run} ${event.report.state}`, event)
    else if (event.type === 'trouble') {
      const { message } = failureOf(event.error)
      put(`${message}; tries again`, { type: 'trouble', message })
    } else tellRun(event)
  }
}
