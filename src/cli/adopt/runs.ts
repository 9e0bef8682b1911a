import { adoptedTable } from '../../adoption/adopted-table.js'
import {
  type AdoptionReport,
  type RunAdoptionOptions,
  rollbackAdoption,
  runAdoption,
  verifyAdoption,
} from '../../adoption/index.js'
import { scan } from '../../adoption/scan.js'
import { cipherOf } from '../../config/connect-cipher.js'
import { ConfigurationError } from '../../errors.js'
import type { ProtectedTable } from '../../postgres/protected-table.js'
import { loadTables } from '../configured.js'
import { withPool } from '../database.js'
import { EXIT } from '../exit-codes.js'
import { interruptible } from '../interruptible.js'
import { runLog } from '../run-log.js'
import { printJson, printLine } from '../terminal.js'
import { adoptedOn, eachTable, type FencedOptions, fenceOf } from './adopt-tables.js'
import { scanLines } from './plan-lines.js'
import { reportLines } from './report-lines.js'

interface Options extends FencedOptions {
  readonly rate?: number
  readonly batch?: number
  readonly concurrency?: number
  readonly dryRun?: true
  readonly verbose?: true
  readonly yes?: true
}

export async function runTables(options: Options): Promise<void> {
  if (options.verbose && !options.dryRun)
    throw new ConfigurationError('adopt run: --verbose is of use with --dry-run only')
  if (options.dryRun) return dryRun(options)
  await tellRun('run', options, runAdoption)
}

export function verifyTables(options: Options): Promise<void> {
  return tellRun('verify', options, verifyAdoption)
}

/** Without `--yes` it tells whether every row would come back. */
export async function rollbackTables(options: Options): Promise<void> {
  if (options.dryRun) return tellRun('rollback --dry-run', options, verifyAdoption)
  if (!options.yes) {
    throw new ConfigurationError(
      'adopt rollback: expected --yes, since it stores plaintext; --dry-run opens every row first',
    )
  }
  await tellRun('rollback', options, rollbackAdoption)
}

async function dryRun(options: Options): Promise<void> {
  const scans = await interruptible((signal) =>
    eachTable(options, async (client, table) => {
      return { entity: table.entity, ...(await scan(client, adoptedTable(table), { signal })) }
    }),
  )
  if (scans.some(({ ambiguous }) => ambiguous > 0)) process.exitCode = EXIT.findings
  if (options.json) return printJson({ dryRun: true, tables: scans })
  for (const { entity, ...found } of scans) {
    printLine(entity)
    for (const line of scanLines(options.verbose ? found : { ...found, examples: [] })) printLine(line)
    printLine('  Nothing was changed.')
  }
}

async function tellRun(
  step: string,
  options: Options,
  run: (table: ProtectedTable, work: RunAdoptionOptions) => Promise<AdoptionReport>,
): Promise<void> {
  const reports = await work(options, run)
  const isDone = reports.every(({ objections, state = 'finished', failed }) => {
    return objections.length === 0 && state === 'finished' && failed === 0
  })
  if (!isDone) process.exitCode = EXIT.findings
  if (options.json) return printLine(JSON.stringify({ type: 'reports', reports }))
  for (const line of reports.flatMap((report) => reportLines(step, report))) printLine(line)
}

async function work(
  options: Options,
  run: (table: ProtectedTable, work: RunAdoptionOptions) => Promise<AdoptionReport>,
): Promise<AdoptionReport[]> {
  const setup = await loadTables(options)
  // Every row has a data key of its own, which is needed once.
  await using cipher = await cipherOf(setup.configuration, { cache: false })
  const { rate, batch, concurrency } = options
  // Awaited here: the cipher is closed when the function returns.
  return await interruptible((signal) =>
    withPool(setup.configuration, setup.dataSource, async (pool) => {
      const reports: AdoptionReport[] = []
      for (const table of await adoptedOn(pool, setup, options)) {
        if (signal.aborted) break
        reports.push(
          await run(table, {
            ...{ cipher, pool, signal, onEvent: runLog(options.json === true), ...fenceOf(options) },
            ...(rate !== undefined && { rowsPerSecond: rate }),
            ...(concurrency !== undefined && { concurrency }),
            ...(batch !== undefined && { batchRows: batch }),
          }),
        )
      }
      return reports
    }),
  )
}
