import { access } from 'node:fs/promises'
import type { Command } from 'commander'
import { escaped } from '../../audit/escaped.js'
import { readTrailWitnesses } from '../../audit/integrity/anchor-kms.js'
import { checkLog, type LogReport } from '../../audit/integrity/check/check-log.js'
import { readSize } from '../../audit/integrity/tree.js'
import { recordReview } from '../../audit/review/record-review.js'
import { ConfigurationError } from '../../errors.js'
import { type ConfiguredOptions, withConfiguration } from '../configured.js'
import { EXIT } from '../exit-codes.js'
import { interruptible } from '../interruptible.js'
import { onSchema } from '../on-database.js'
import { Progress, standardError } from '../progress.js'
import { paint, printJson, printLine } from '../terminal.js'
import { anchoredNotes, checkpointsOf } from './checkpoints.js'

export function defineCheck(command: Command): void {
  withConfiguration(command)
    .description('compare every record with the log, and the log with its checkpoints and anchors')
    .option('--anchors <file...>', 'also checkpoints that were kept in these files')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code 1 when something is not as it was written down. docs/audit.md')
    .action(run)
}

interface Options extends ConfiguredOptions {
  readonly anchors?: readonly string[]
  readonly json?: true
}

async function run(options: Options): Promise<void> {
  const report = await onSchema(options, async (client, configuration) => {
    const { keys, origin, file } = await checkpointsOf(configuration)
    for (const kept of options.anchors ?? []) await assertThere(kept)
    const files = [...(file === undefined ? [] : [file]), ...(options.anchors ?? [])]
    const anchors = await Promise.all(files.map(anchoredNotes))
    const witnesses = await readTrailWitnesses(client, origin)
    const screen = standardError()
    using progress = new Progress(screen, await readSize(client))
    const onChecked = (leaves: number) => progress.advance(leaves)
    const found = await interruptible((signal) => checkLog(client, { keys, anchors, witnesses, onChecked, signal }))
    progress.end()
    // That the log was checked, and what came out, is evidence too.
    await recordReview(client, 'check', { size: found.size, signed: found.signedSize, findings: findingsIn(found) })
    return found
  })
  const isOk = findingsIn(report) === 0
  if (!isOk) process.exitCode = EXIT.findings
  if (options.json) return printJson({ ok: isOk, ...report })
  for (const line of linesOf(report)) printLine(line)
}

/** A file that is named and not there compares nothing, and would say that all is well. */
async function assertThere(file: string): Promise<void> {
  await access(file).catch(({ code }: NodeJS.ErrnoException) => {
    throw new ConfigurationError(`--anchors: ${file} cannot be read (${code})`)
  })
}

function findingsIn({ counts }: LogReport): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

function linesOf(report: LogReport): string[] {
  const { size, signedSize, witnesses, waiting, findings } = report
  const all = findingsIn(report)
  const more = all - findings.length
  return [
    ...findings.map(({ kind, message }) => `${paint('red', '✗')} ${kind}: ${escaped(message)}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    `${all === 0 ? paint('green', '✓') : paint('red', '✗')} ${size} records in the log, ${all === 0 ? 'each as it was written down' : `${all} findings`}`,
    `  ${signedSize} of them are signed, by ${witnesses} ${witnesses === 1 ? 'checkpoint' : 'checkpoints'} here and outside; ${waiting} records wait for the next`,
  ]
}
