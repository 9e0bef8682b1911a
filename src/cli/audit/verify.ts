import type { Command } from 'commander'
import { escaped } from '../../audit/escaped.js'
import { type ExportVerdict, verifyExport } from '../../audit/integrity/export/verify-export.js'
import { parseVerifierKey } from '../../audit/integrity/note-key.js'
import { EXIT } from '../exit-codes.js'
import { Progress, standardError } from '../progress.js'
import { paint, printJson, printLine, tell } from '../terminal.js'
import { readKept } from './read-kept.js'

export function defineVerify(command: Command): void {
  command
    .argument('<export>', 'the folder of an export')
    .description('verify an export; needs no database and no configuration')
    .option('--key <verifier key>', 'whose signature is believed (default: the key in the export, which proves less)')
    .option('--since <file>', 'a checkpoint that you kept: the log has to go on from there')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code 1 when something is not proven. docs/audit-export-format.md')
    .action(run)
}

interface Options {
  readonly key?: string
  readonly since?: string
  readonly json?: true
}

async function run(folder: string, { key, since, json }: Options): Promise<void> {
  const kept = await readKept(since)
  let verified = 0
  using progress = new Progress(standardError(), undefined)
  const verdict = await verifyExport(folder, {
    ...(key !== undefined && { key: parseVerifierKey(key) }),
    ...kept,
    onVerified: () => {
      if (++verified % 1_000 === 0) progress.advance(1_000, 'records')
    },
  })
  progress.end()
  if (!verdict.ok) process.exitCode = EXIT.findings
  if (json) return printJson(verdict)
  for (const line of linesOf(verdict)) printLine(line)
  if (verdict.isOwnKey && verdict.checkpoint)
    tell('the key came with the export: it proves who signed only if you have it from somebody else too (--key)')
}

const LISTED = 20

function linesOf({ ok, records, proven, checkpoint, key, problems }: ExportVerdict): string[] {
  return [
    ...problems.slice(0, LISTED).map(({ file, line, message }) => {
      return `${paint('red', '✗')} ${escaped(`${file}${line === undefined ? '' : ` line ${line}`}: ${message}`)}`
    }),
    ...(problems.length > LISTED ? ['  and more: --json lists a thousand'] : []),
    `${ok ? paint('green', '✓') : paint('red', '✗')} ${proven} of ${records} records are proven`,
    ...(checkpoint
      ? [
          escaped(`  by the checkpoint of ${checkpoint.size} records of ${checkpoint.origin}`),
          escaped(`  signed by ${key}`),
        ]
      : []),
  ]
}
