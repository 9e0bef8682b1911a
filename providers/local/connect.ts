import { ConfigurationError } from '../../src/errors.js'
import { readPrivateFile } from '../../src/kms/private-file.js'
import { textOptions } from '../../src/kms/text-options.js'
import { unlockPassphraseKeyring } from './passphrase-keyring.js'
import { LocalProvider } from './provider.js'

const OPTIONS = ['keys', 'keysFile', 'keyringFile', 'passphrase', 'passphraseFile', 'currentKey', 'id'] as const
const OWNER = 'provider "local"'
type Option = (typeof OPTIONS)[number]
type Section = Readonly<Partial<Record<Option, string>>>

/**
 * The provider of a configuration section, every value a string or a number: `currentKey`, optionally `id`, and one of
 * `keys`, `keysFile` (the same entries in a file) and `keyringFile` with `passphrase` or `passphraseFile`.
 *
 * Rejects with `ConfigurationError` that names the option to mend; it never repeats a value that could be a secret.
 */
export async function connectLocal(section: Readonly<Record<string, unknown>>): Promise<LocalProvider> {
  const options = validate(section)
  const currentKey = currentKeyOf(options)
  const keys = await keysOf(options)
  return new LocalProvider({ keys, currentKey, ...(options.id !== undefined && { id: options.id }) })
}

function validate(section: Readonly<Record<string, unknown>>): Section {
  const { currentKey } = section
  const numbered = typeof currentKey === 'number' ? { ...section, currentKey: String(currentKey) } : section
  const options: Section = textOptions('local', numbered, OPTIONS)
  exactlyOne(options, ['keys', 'keysFile', 'keyringFile'])
  if (options.keyringFile !== undefined) exactlyOne(options, ['passphrase', 'passphraseFile'])
  else if (options.passphrase !== undefined || options.passphraseFile !== undefined) {
    throw refused('a passphrase is of use with "keyringFile" only; make that file with "waxseal keygen --passphrase"')
  }
  return options
}

function currentKeyOf({ currentKey }: Section): number {
  if (currentKey === undefined) throw refused('the option "currentKey" is missing: the number of the key that wraps')
  if (!/^[1-9][0-9]{0,8}$/.test(currentKey)) throw refused('the option "currentKey" must be the number of a key')
  return Number(currentKey)
}

async function keysOf(options: Section): Promise<string | Record<number, Uint8Array>> {
  if (options.keys !== undefined) return options.keys
  if (options.keysFile !== undefined) return readPrivateFile(OWNER, 'keysFile', options.keysFile)
  const keyring = await readPrivateFile(OWNER, 'keyringFile', options.keyringFile!)
  return unlockPassphraseKeyring(
    keyring,
    options.passphrase ?? (await readPrivateFile(OWNER, 'passphraseFile', options.passphraseFile!)),
  )
}

function exactlyOne(options: Section, names: readonly Option[]): void {
  const found = names.filter((name) => options[name] !== undefined)
  if (found.length === 1) return
  throw refused(`expected exactly one of the options ${names.join(', ')}, found ${found.join(', ') || 'none'}`)
}

function refused(problem: string): ConfigurationError {
  return new ConfigurationError(`${OWNER}: ${problem}`)
}
