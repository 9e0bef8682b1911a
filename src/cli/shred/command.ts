import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { cipherOf } from '../../config/connect-cipher.js'
import type { EnvelopeCipher } from '../../envelope/envelope-cipher.js'
import { ConfigurationError } from '../../errors.js'
import { planShred, resumeShred, type ShredReport, shred } from '../../shredding/index.js'
import {
  type ConfiguredOptions,
  type ConfiguredTables,
  loadTables,
  tablesOn,
  withConfiguration,
} from '../configured.js'
import { withDatabase } from '../database.js'
import { EXIT } from '../exit-codes.js'
import { failureOf } from '../failure.js'
import { interruptible } from '../interruptible.js'
import { paint, printJson, printLine, tell } from '../terminal.js'
import { defineReceipts } from './receipts.js'
import { planLines, receiptLines } from './report.js'
import { type TargetOptions, targetOf } from './target.js'

export function define(command: Command): void {
  withConfiguration(command.enablePositionalOptions())
    .option('--entity <name>', 'logical name of an entity; again for each further one of --context', append)
    .option('--row <value>', 'primary key of one row; again for each further column', append)
    .option('--context <name=value>', 'all rows with this pair, such as tenant=…, of all entities that declare it')
    .option('--all-rows', 'all rows of the entity')
    .option('--reason <text>', 'why: for the receipt')
    .option('--ticket <id>', 'where it was asked for: for the receipt')
    .option('--who <name>', 'who shreds: for the receipt (default: the user of this process)')
    .option('--backups-kept <duration>', 'how long backups and archived WAL are kept, such as 35d, or none')
    .option('--caches-kept <duration>', 'the longest age of a data key in a cache of yours (default: 5m)')
    .option('--resume <receipt>', 'go on with a run that was cut off')
    .option('--dry-run', 'count what would be shredded, and change nothing')
    .option('--yes', 'shred; this cannot be taken back')
    .option('--json', 'print JSON')
    .action(run)
  defineReceipts(command.command('receipts'))
}

const append = (value: string, values: readonly string[] = []) => [...values, value]

interface Options extends ConfiguredOptions, TargetOptions {
  readonly reason?: string
  readonly ticket?: string
  readonly who?: string
  readonly backupsKept?: string
  readonly cachesKept?: string
  readonly resume?: string
  readonly dryRun?: true
  readonly yes?: true
  readonly json?: true
}

async function run(options: Options): Promise<void> {
  if (!options.dryRun && !options.yes) {
    throw new ConfigurationError(
      'shred: expected --yes, since it cannot be taken back; --dry-run shows what it would do',
    )
  }
  const setup = await loadTables(options)
  if (options.dryRun) return plan(setup, options)
  const cipher = await cipherOf(setup.configuration)
  try {
    const { receipt, failures } = await shredWith(cipher, setup, options)
    if (failures.length > 0) process.exitCode = EXIT.findings
    const told = failures.map(({ error, ...row }) => ({ ...row, error: failureOf(error).message }))
    if (options.json) return printJson({ receipt, failures: told })
    for (const line of receiptLines(receipt)) printLine(line)
    for (const { entity, primaryKey, error } of told) {
      printLine(`${paint('red', '✗')} ${entity} ${Object.values(primaryKey).join(', ')}: ${error}`)
    }
    if (failures.length > 0) printLine(`\n${failures.length} not shredded. ${goOnWith(receipt.id)}`)
  } finally {
    await cipher.close()
  }
}

async function plan({ configuration, ...setup }: ConfiguredTables, options: Options): Promise<void> {
  const plans = await withDatabase(configuration, setup.dataSource, async (client) => {
    const tables = await tablesOn(client, setup)
    return planShred(client, targetOf(options, tables), tables)
  })
  if (options.json) return printJson({ dryRun: true, tables: plans })
  for (const line of planLines(plans)) printLine(line)
}

async function shredWith(cipher: EnvelopeCipher, setup: ConfiguredTables, options: Options): Promise<ShredReport> {
  let receipt: string | undefined
  const work = (signal: AbortSignal) =>
    withDatabase(setup.configuration, setup.dataSource, async (client) => {
      const tables = await tablesOn(client, setup)
      const onProgress = (progress: { receipt: string; rows: number }) => {
        if (receipt === undefined) tell(`receipt ${progress.receipt}`)
        else tell(`${progress.rows} shredded`)
        receipt = progress.receipt
      }
      const running = { tables, cipher, signal, onProgress }
      if (options.resume !== undefined) return resumeShred(client, options.resume, running)
      const { reason = '', ticket, who = userInfo().username, backupsKept = '', cachesKept } = options
      return shred(client, {
        ...{ ...running, target: targetOf(options, tables), reason, who, backupsKept },
        ...(ticket !== undefined && { ticket }),
        ...(cachesKept !== undefined && { cachesKept }),
      })
    })
  try {
    return await interruptible(work)
  } catch (error) {
    if (receipt !== undefined) tell(goOnWith(receipt))
    throw error
  }
}

const goOnWith = (receipt: string) => `Go on with: waxseal shred --resume ${receipt} --yes`
