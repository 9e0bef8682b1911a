import { type Command, Option } from 'commander'
import { appendLeaves } from '../../audit/integrity/append-leaves.js'
import { countWaiting } from '../../audit/integrity/check/check-appended.js'
import { largestHead } from '../../audit/integrity/checkpoint.js'
import type { CheckpointSigner } from '../../audit/integrity/checkpoint-signer.js'
import { type SignedCheckpoint, signCheckpoint } from '../../audit/integrity/sign-checkpoint.js'
import { readSize } from '../../audit/integrity/tree.js'
import { ConfigurationError } from '../../errors.js'
import type { Queryable } from '../../postgres/queryable.js'
import { type ConfiguredOptions, withConfiguration } from '../configured.js'
import { connectionOf } from '../database.js'
import { interruptible } from '../interruptible.js'
import { onSchema } from '../on-database.js'
import { Progress, standardError } from '../progress.js'
import { paint, printJson, printLine } from '../terminal.js'
import { anchorInAFile, anchorInTrail, assertShowsContext } from './anchor.js'
import { anchoredNotes, type Checkpoints, checkpointsOf } from './checkpoints.js'
import { withSigner } from './with-signer.js'

const COMMAND = 'waxseal audit checkpoint'

export function defineCheckpoint(command: Command): void {
  withConfiguration(command)
    .description('append what was written since the last one to the log, sign it, and anchor the checkpoint outside')
    .addOption(
      new Option('--anchor <place...>', 'only there (default: wherever the configuration says)').choices([
        'file',
        'kms',
      ]),
    )
    .option('--dry-run', 'say how many records wait, and change nothing')
    .option('--json', 'print JSON')
    .action(run)
}

interface Options extends ConfiguredOptions {
  readonly anchor?: readonly string[]
  readonly dryRun?: true
  readonly json?: true
}

async function run(options: Options): Promise<void> {
  await onSchema(options, async (client, configuration, dataSource) => {
    const checkpoints = await checkpointsOf(configuration)
    const anchors = chosenAnchors(checkpoints, options.anchor)
    const waiting = await countWaiting(client)
    if (options.dryRun) {
      printDryRun(await readSize(client), waiting, options.json)
      return
    }
    if (anchors.kms) await assertShowsContext(configuration)
    const leaves = await append(client, waiting)
    const signing = { configuration, dataSource, checkpoints, command: COMMAND }
    const checkpoint = await withSigner(signing, (signer) => sign(client, signer, checkpoints))
    const anchored: string[] = []
    if (anchors.file !== undefined) anchored.push(await anchorInAFile(client, anchors.file, checkpoint))
    if (anchors.kms) {
      const connection = connectionOf(configuration, dataSource)
      anchored.push(await anchorInTrail(client, checkpoint, configuration.provider, { connection, label: COMMAND }))
    }
    const { origin, size, root, note } = checkpoint
    if (options.json) printJson({ origin, size, root: root.toString('base64'), leaves, anchored, note })
    else printLines(checkpoint, leaves, anchored)
  })
}

function printLines({ origin, size }: SignedCheckpoint, leaves: number, anchored: readonly string[]): void {
  printLine(`${paint('green', '✓')} ${origin}: ${size} records, ${leaves} of them new`)
  for (const place of anchored) printLine(`  anchored: ${place}`)
}

function chosenAnchors({ file, kms }: Checkpoints, chosen: readonly string[] | undefined) {
  if (chosen?.includes('file') && file === undefined) {
    throw new ConfigurationError(
      '--anchor file: expected "audit.checkpoints.anchors.file" in the configuration, found nothing',
    )
  }
  if (!chosen) return { file, kms }
  return { file: chosen.includes('file') ? file : undefined, kms: chosen.includes('kms') }
}

function printDryRun(size: number, waiting: number, json: true | undefined): void {
  if (json) printJson({ size, waiting })
  else printLine(`${size} records are in the log, ${waiting} wait; nothing was changed`)
}

async function append(client: Queryable, waiting: number): Promise<number> {
  using progress = new Progress(standardError(), waiting)
  const { leaves } = await interruptible((signal) => {
    return appendLeaves(client, { signal, onAppended: (count) => progress.advance(count) })
  })
  progress.end()
  return leaves
}

/** What was anchored is compared too: whoever brings the database back to an older state must not get a second history signed. */
async function sign(
  client: Queryable,
  signer: CheckpointSigner,
  { keys, formerKeys, file }: Checkpoints,
): Promise<SignedCheckpoint> {
  const notes = file === undefined ? [] : (await anchoredNotes(file)).notes
  const largest = largestHead(notes, keys)
  return signCheckpoint(client, signer, { anchored: largest ? [largest] : [], formerKeys })
}
