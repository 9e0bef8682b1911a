import type { Command } from 'commander'
import { countAudit, type ExportFormat, exportAudit } from '../../audit/index.js'
import { knownTrails, loadTrails } from '../../config/known-trails.js'
import { type ConfiguredOptions, withConfiguration } from '../configured.js'
import { interruptible } from '../interruptible.js'
import { onSchema } from '../on-database.js'
import { Progress, standardError } from '../progress.js'
import { paint, printJson, printLine, tell } from '../terminal.js'
import { verifierKeyOf } from './checkpoints.js'
import { assertProviderOf } from './providers-in-use.js'
import { type QueryFlags, queryOf, withQuery } from './query-options.js'
import { readKept } from './read-kept.js'

export function defineExport(command: Command): void {
  withConfiguration(withQuery(command))
    .description('write records to a folder, with the proof of each, to be verified without the database')
    .requiredOption('--output <folder>', 'one that is not there yet, or is empty')
    .option('--format <format>', 'csv or ocsf: beside records.jsonl, which is always written (default: jsonl)')
    .option('--since <file>', 'a checkpoint that its reader has: with the proof that the log goes on from there')
    .option('--json', 'print the manifest')
    .action(run)
}

interface Options extends ConfiguredOptions, QueryFlags {
  readonly output: string
  readonly format?: ExportFormat
  readonly since?: string
  readonly json?: true
}

async function run(options: Options): Promise<void> {
  const { output: folder, format, json } = options
  const since = await readKept(options.since)
  // One window for the count and the export.
  const now = new Date()
  const query = { to: now, ...queryOf(options, now) }
  await onSchema(options, async (client, configuration) => {
    await assertProviderOf(client, configuration, query)
    const verifierKey = await verifierKeyOf(configuration)
    const trails = format === 'ocsf' ? await loadTrails(knownTrails(configuration.audit)) : {}
    const { count } = await countAudit(client, query, Number.MAX_SAFE_INTEGER)
    using progress = new Progress(standardError(), count)
    const onProgress = (records: number) => progress.advance(records)
    let unproven = 0
    const onUnproven = (records: number) => {
      unproven = records
    }
    const manifest = await interruptible((signal) => {
      const chosen = { ...(format && { format }), ...(verifierKey !== undefined && { verifierKey }), ...since }
      return exportAudit(client, query, { folder, trails, onProgress, onUnproven, signal, ...chosen })
    })
    progress.end()
    const counts = Object.entries(manifest.counts).map(([kind, records]) => `${kind} ${records}`)
    if (json) printJson(manifest)
    else printLine(`${paint('green', '✓')} ${folder}: ${counts.join(', ') || 'no records'}`)
    if (manifest.checkpoint === null)
      tell('no checkpoint is signed yet: nothing proves that the records stand in the log')
    else if (unproven > 0)
      tell(
        `${unproven} of them came after the last checkpoint, and nothing proves them: choose an earlier --to, or run "waxseal audit checkpoint" first`,
      )
  })
}
