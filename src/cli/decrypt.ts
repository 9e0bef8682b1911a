import type { Command } from 'commander'
import { cipherOf } from '../config/connect-cipher.js'
import { InvalidEnvelopeError } from '../errors.js'
import { readParts } from './inspect/read-input.js'
import { print, readInput } from './terminal.js'
import { loadPlace, type ValueOptions, withValueOptions } from './value-options.js'

export function define(command: Command): void {
  withValueOptions(command)
    .addHelpText(
      'after',
      '\nReads { "metadata": …, "field": … } from standard input and prints the value as it is, without a line break.',
    )
    .action(decrypt)
}

async function decrypt(options: ValueOptions): Promise<void> {
  const { configuration, binding, field } = await loadPlace(options)
  const { metadata, fields } = readParts((await readInput('metadata and a field')).toString('utf8'))
  const [encrypted, second] = fields
  if (!metadata || !encrypted || second) {
    throw new InvalidEnvelopeError('expected encryption metadata and one field, as "waxseal encrypt" prints them')
  }
  const cipher = await cipherOf(configuration, { cache: false })
  const envelope = await cipher.open(metadata, binding)
  const value = envelope.decryptField(field, encrypted)
  print(field.kind === 'json' ? JSON.stringify(value) : (value as string | Uint8Array))
}
