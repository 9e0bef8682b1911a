import type { Command } from 'commander'
import { generateNoteKey } from '../../audit/integrity/note-key.js'
import { printJson, printLine } from '../terminal.js'
import { writePrivately } from '../write-privately.js'

export function defineKeygen(command: Command): void {
  command
    .description('make the key that signs checkpoints; needs no configuration')
    .requiredOption('--name <origin>', 'of the log, such as audit.example.com/payments')
    .requiredOption('--file <file>', 'a new file that only you can read')
    .option('--json', 'print JSON')
    .action(run)
}

interface Options {
  readonly name: string
  readonly file: string
  readonly json?: true
}

async function run({ name, file, json }: Options): Promise<void> {
  const { signingKey, verifier } = generateNoteKey(name)
  await writePrivately(file, `${signingKey}\n`)
  if (json) return printJson({ file, verifierKey: verifier.text })
  printLine(verifier.text)
}
