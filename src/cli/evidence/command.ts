import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { escaped } from '../../audit/escaped.js'
import { verifyEvidencePack } from '../../audit/index.js'
import { parseVerifierKey } from '../../audit/integrity/note-key.js'
import { ConfigurationError } from '../../errors.js'
import { withConfiguration } from '../configured.js'
import { EXIT } from '../exit-codes.js'
import { paint, printJson, printLine } from '../terminal.js'
import { pack } from './pack.js'

export function define(command: Command): void {
  withConfiguration(command.command('pack'))
    .description('bundle all reports of a period, with a map of controls and a signature')
    .requiredOption('--period <period>', 'such as 2026, 2026-Q3, 2026-09 or 2026-07-01..2026-09-30')
    .requiredOption('--output <file>', 'a new ZIP')
    .option('--who <name>', 'for the headers (default: the user of the process)')
    .option('--json', 'print JSON')
    .action(pack)
  command
    .command('verify')
    .description('say whether a pack is what was signed; needs nothing but the pack and the key')
    .argument('<pack>')
    .requiredOption('--key <verifier key>', '"<name>+<key id>+<base64>", from somebody else than who gave you the pack')
    .option('--json', 'print JSON')
    .action(verify)
}

async function verify(file: string, options: { readonly key: string; readonly json?: true }): Promise<void> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new ConfigurationError(`${file}: it cannot be read (${error.code})`)
  })
  const { problems, manifest } = await verifyEvidencePack(bytes, parseVerifierKey(options.key))
  if (problems.length > 0) process.exitCode = EXIT.findings
  if (options.json) return printJson({ ok: problems.length === 0, problems, manifest: manifest ?? null })
  for (const problem of problems) printLine(`${paint('red', '✗')} ${escaped(problem)}`)
  if (problems.length > 0 || !manifest) return
  const { files, period, madeAt } = manifest
  printLine(
    `${paint('green', '✓')} ${files.length} files, from ${period.from} to ${period.to}, signed as made at ${madeAt}`,
  )
}
