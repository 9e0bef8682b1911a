import type { Command } from 'commander'
import { cipherOf } from '../config/connect-cipher.js'
import { formatBytes, formatText } from '../envelope/encrypted-field.js'
import type { FieldKind } from '../envelope/field-value.js'
import { metadataToJson } from '../envelope/metadata-codec.js'
import { ConfigurationError } from '../errors.js'
import { printJson, readInput, tell } from './terminal.js'
import { loadPlace, type ValueOptions, withValueOptions } from './value-options.js'

export function define(command: Command): void {
  withValueOptions(command)
    .option('--allow-empty', 'encrypt an empty value too; otherwise taken for a command before the pipe that failed')
    .addHelpText(
      'after',
      '\nThe value comes from standard input, byte for byte: printf %s "$SECRET" | waxseal encrypt …',
    )
    .action(encrypt)
}

async function encrypt(options: ValueOptions & { allowEmpty?: true }): Promise<void> {
  const { configuration, binding, field, type } = await loadPlace(options)
  const input = await readInput('the value')
  if (input.length === 0 && !options.allowEmpty) {
    throw new ConfigurationError(
      'expected the value on standard input, found nothing; pass --allow-empty if that is the value',
    )
  }
  if (field.kind === 'text' && endsInOneLineBreak(input)) {
    tell('note: the value ends with a line break, which is encrypted with it; "printf %s" prints none, "echo" does')
  }
  const cipher = await cipherOf(configuration, { cache: false })
  const envelope = await cipher.mint(binding)
  const encrypted = envelope.encryptField(field, readers[field.kind](input))
  input.fill(0)
  const stored = type === 'bytea' ? `\\x${formatBytes(encrypted).toString('hex')}` : formatText(encrypted)
  printJson({ metadata: metadataToJson(envelope.metadata), field: stored })
}

/** A password from `echo`. Several lines are a key or a file, where the last line break belongs to it. */
function endsInOneLineBreak(input: Buffer): boolean {
  return input.length > 1 && input.indexOf('\n') === input.length - 1
}

const readers: Record<FieldKind, (input: Buffer) => unknown> = {
  bytes: (input) => input,
  text(input) {
    const text = input.toString('utf8')
    if (!Buffer.from(text, 'utf8').equals(input))
      throw new ConfigurationError('expected UTF-8 text on standard input, found other bytes; pass --kind bytes')
    return text
  },
  json(input) {
    try {
      return JSON.parse(readers.text(input) as string)
    } catch {
      // The parser's message repeats the text.
      throw new ConfigurationError('expected JSON on standard input, found something else')
    }
  },
}
