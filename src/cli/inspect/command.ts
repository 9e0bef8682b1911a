import type { Command } from 'commander'
import { describeKek } from '../../kms/provider.js'
import { EXIT } from '../exit-codes.js'
import { paint, printJson, printLine, readInput } from '../terminal.js'
import { type Explanation, explain, type FieldExplanation, type MetadataExplanation } from './explanation.js'
import { readParts } from './read-input.js'

export function define(command: Command): void {
  command
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nReads encryption_metadata, a field, or both (one a line) from standard input. Needs no key and no configuration.',
    )
    .action(inspect)
}

async function inspect({ json }: { json?: true }): Promise<void> {
  const explanation = explain(readParts((await readInput('encryption metadata or a field')).toString('utf8')))
  if (!explanation.ok) process.exitCode = EXIT.findings
  if (json) printJson(explanation)
  else for (const line of linesOf(explanation)) printLine(line)
}

function linesOf({ metadata, fields }: Explanation): string[] {
  return [...(metadata ? metadataLines(metadata) : []), ...fields.flatMap(fieldLines)]
}

const STATES: Record<MetadataExplanation['state'], string> = {
  empty: 'empty: no envelope, every field has to be null',
  wrapped: 'wrapped: the data key is stored, wrapped by a KEK',
  shredded: 'shredded: the data key is gone for good, the fields cannot be read',
}

function metadataLines({ state, format, id, commitment, wrap, wraps = [], receipt }: MetadataExplanation): string[] {
  return [
    paint('bold', 'encryption metadata'),
    row('state', STATES[state]),
    ...optional('format', format),
    ...optional('envelope id', id),
    ...optional('commitment', commitment),
    ...optional('receipt', receipt),
    ...optional('wrapped', wrap === undefined ? undefined : wrap === 1 ? 'once' : `${wrap} times`),
    ...wraps.map(({ kek, wrappedAt, wrappedKeyBytes }, index) => {
      return row(`wrap ${index + 1}`, `${describeKek(kek)}, ${wrappedAt}, ${wrappedKeyBytes} bytes`)
    }),
  ]
}

function fieldLines({ format, commitment, plaintextBytes, storedBytes, belongs }: FieldExplanation): string[] {
  const verdict = belongs
    ? paint('green', 'yes: same data key')
    : paint('red', 'no: another data key; it cannot be read with this metadata')
  return [
    paint('bold', 'field'),
    row('format', `${format}, AES-256-GCM`),
    row('commitment', commitment),
    row('plaintext', `${plaintextBytes} bytes`),
    row('stored', `${storedBytes} bytes: IV, ciphertext, tag`),
    ...(belongs === undefined ? [] : [row('belongs', verdict)]),
  ]
}

const row = (name: string, value: string) => `  ${paint('dim', name.padEnd(12))} ${value}`
const optional = (name: string, value: string | number | undefined) =>
  value === undefined ? [] : [row(name, String(value))]
