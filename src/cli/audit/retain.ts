import type { Command } from 'commander'
import { escaped } from '../../audit/escaped.js'
import { type Retained, type RetainedMonth, retainAudit } from '../../audit/index.js'
import { loadConfiguration } from '../../config/load-configuration.js'
import { ConfigurationError } from '../../errors.js'
import { type ConfiguredOptions, withConfiguration } from '../configured.js'
import { EXIT } from '../exit-codes.js'
import { interruptible } from '../interruptible.js'
import { onSchema } from '../on-database.js'
import { Progress, standardError } from '../progress.js'
import { printJson, printLine } from '../terminal.js'

export function defineRetain(command: Command): void {
  withConfiguration(command)
    .description('archive the months whose time in the database is over, and drop them')
    .option('--archives <folder>', 'where to write them')
    .option('--dry-run', 'say what would be done, and change nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code 1 when a month is kept that should go. docs/audit-retention.md')
    .action(run)
}

interface Options extends ConfiguredOptions {
  readonly archives?: string
  readonly dryRun?: true
  readonly json?: true
}

async function run(options: Options): Promise<void> {
  const { archives: folder, dryRun, json } = options
  if (folder === undefined && !dryRun) throw new ConfigurationError('expected --archives or --dry-run, found neither')
  const { audit } = await loadConfiguration(options.config === undefined ? {} : { file: options.config })
  const { hot, total } = audit?.retention ?? {}
  await onSchema(options, async (client) => {
    const periods = { ...(hot !== undefined && { hot }), ...(total !== undefined && { total }) }
    using progress = new Progress(standardError(), undefined)
    const onProgress = (rows: number) => progress.advance(rows, 'rows')
    const target = folder !== undefined && !dryRun ? { folder, onProgress } : {}
    const retained = await interruptible((signal) => retainAudit(client, { ...periods, ...target, signal }))
    progress.end()
    if (retained.months.some(({ state }) => state === 'kept')) process.exitCode = EXIT.findings
    if (json) return printJson(retained)
    for (const line of linesOf(retained)) printLine(escaped(line))
  })
}

function linesOf({ months, expired }: Retained): string[] {
  return [
    ...(months.length === 0 ? ['no month is due'] : months.flatMap(monthLines)),
    ...expired.map(({ month, place }) => `${month}: its time is over; you may delete ${place}`),
  ]
}

function monthLines({ month, state, objections, archives }: RetainedMonth): string[] {
  const said = { dropped: 'archived and dropped', due: 'may go', kept: 'is kept' }[state]
  return [
    `${month} ${said}`,
    ...objections.map((objection) => `  ${objection}`),
    ...archives.map(({ table, rows, place }) => `  ${rows} rows of ${table}: ${place}`),
  ]
}
