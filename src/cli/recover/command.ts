import { once } from 'node:events'
import { open } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import type { Command } from 'commander'
import { RecoveryProvider } from '../../../providers/offline/recovery-provider.js'
import { EnvelopeCipher } from '../../envelope/envelope-cipher.js'
import { ConfigurationError } from '../../errors.js'
import { EXIT } from '../exit-codes.js'
import { failureOf } from '../failure.js'
import { tell } from '../terminal.js'
import { nameOf, recoverRow } from './exported-row.js'
import { readText } from './read-text.js'
import { recoveryPassphrase } from './recovery-passphrase.js'

interface Options {
  readonly key: string
  readonly output?: string
  readonly dryRun?: true
}

const PROGRESS_EVERY = 1_000

export function define(command: Command): void {
  command
    .argument('<export>', 'file of rows, one in JSON on each line')
    .requiredOption('--key <file>', 'the private half of the recovery key')
    .option('--output <file>', 'new file for the plaintext, which only you can read; - for standard output')
    .option('--dry-run', 'open every row and write nothing')
    .addHelpText(
      'after',
      '\nThe passphrase: WAXSEAL_RECOVERY_PASSPHRASE, else the first line of standard input. Asks no KMS and no database.' +
        '\nExit code 4 when a row did not open; the others are written. docs/key-management.md',
    )
    .action(recover)
}

async function recover(file: string, { key, output, dryRun }: Options): Promise<void> {
  if ((output === undefined) === (dryRun === undefined)) {
    throw new ConfigurationError('expected --output or --dry-run, found both or neither')
  }
  const provider = new RecoveryProvider(await readText(key), await recoveryPassphrase())
  const cipher = new EnvelopeCipher({ provider, cache: false })
  const source = await openFile(file)
  const target = output === undefined ? undefined : await targetOf(output)
  const counts = { line: 0, opened: 0, failed: 0 }
  // Read from here on only: lines that are read before somebody takes them are lost.
  for await (const line of source.readLines()) {
    counts.line += 1
    if (line.trim() === '') continue
    try {
      const row = await recoverRow(line, cipher)
      if (target && !target.write(`${JSON.stringify(row)}\n`)) await once(target, 'drain')
      counts.opened += 1
    } catch (error) {
      counts.failed += 1
      tell(`line ${counts.line} (${nameOf(line)}): ${failureOf(error).message}`)
    }
    if (counts.line % PROGRESS_EVERY === 0) tell(`${counts.line} lines read`)
  }
  if (target && target !== process.stdout) await new Promise<void>((resolve) => target.end(resolve))
  tell(`${counts.opened} rows opened, ${counts.failed} not`)
  if (counts.failed > 0) process.exitCode = EXIT.refused
}

function openFile(file: string) {
  return open(file, 'r').catch(({ code }: NodeJS.ErrnoException) => {
    throw new ConfigurationError(`${file}: it cannot be read (${code})`)
  })
}

async function targetOf(output: string): Promise<Writable> {
  if (output === '-') return process.stdout
  const handle = await open(output, 'wx', 0o600).catch(({ code }: NodeJS.ErrnoException) => {
    throw new ConfigurationError(`${output}: it cannot be written (${code}); name a new file`)
  })
  return handle.createWriteStream()
}
