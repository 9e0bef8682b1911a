import { ConfigurationError } from '../../errors.js'
import { assertOptions, hasMethods, type OptionRule } from '../../kms/options.js'
import type { DatedReader, LegacyReader } from '../../postgres/field-adoption.js'
import { flaggedReader } from './flagged.js'
import { hexGcmReader } from './hex-gcm.js'
import { derivedKey, type Environment, hexKeyAt, secretAt } from './legacy-key.js'
import { plaintextReader } from './plaintext.js'
import type { ReaderSection } from './reader-sections.js'
import { KDF_RULES, OPTIONAL, SECTION_RULES } from './section-rules.js'
import { typeormEncryptedReader } from './typeorm-encrypted.js'

/** What a declaration lists for a column: readers by their names, and your own with their end. */
export type DeclaredReader = ReaderSection | DatedReader

/**
 * The readers of one column, with their keys. Rejects with `ConfigurationError` for an option that is unknown, missing or
 * unusable, for a secret that is not there, and where a reader that cannot tell its values from others is not the last.
 */
export async function connectReaders(
  where: string,
  declared: readonly DeclaredReader[],
  environment: Environment,
): Promise<DatedReader[]> {
  const readers = await Promise.all(declared.map((each) => connectReader(where, each, environment)))
  const unsure = readers.findIndex(({ reader }) => !reader.authenticates)
  if (unsure === -1 || unsure === readers.length - 1) return readers
  throw new ConfigurationError(
    `${where}: the reader "${readers[unsure]!.reader.name}" cannot tell its values from others; name it last, and only one of its kind`,
  )
}

/** Checks what can be checked without a secret. */
export function assertReader(where: string, declared: DeclaredReader): void {
  if ('reader' in declared) {
    const isReader = hasMethods(declared.reader, ['recognizes', 'read']) && Array.isArray(declared.reader.columns)
    const isDated = declared.until instanceof Date && !Number.isNaN(declared.until.getTime())
    if (isReader && isDated) return
    throw new ConfigurationError(
      `${where}: expected { reader, until }, a LegacyReader and a Date, found something else`,
    )
  }
  assertSection(`${where}: reader`, declared, SECTION_RULES)
  if (declared.name === 'flagged') assertSection(`${where}: "kdf" of the reader "flagged"`, declared.kdf, KDF_RULES)
}

async function connectReader(where: string, declared: DeclaredReader, environment: Environment): Promise<DatedReader> {
  assertReader(where, declared)
  if ('reader' in declared) return declared
  return {
    reader: await readerOf(`${where}: reader "${declared.name}"`, declared, environment),
    until: new Date(declared.until),
  }
}

async function readerOf(owner: string, section: ReaderSection, environment: Environment): Promise<LegacyReader> {
  switch (section.name) {
    case 'plaintext':
      return plaintextReader()
    case 'hex-gcm':
      return hexGcmReader(await hexKeyAt(owner, section.key, environment))
    case 'typeorm-encrypted':
      return typeormEncryptedReader(await hexKeyAt(owner, section.key, environment), section)
    case 'flagged': {
      const passphrase = await secretAt(owner, section.passphrase, environment)
      return flaggedReader(await derivedKey(passphrase, section.kdf), section)
    }
  }
}

function assertSection(
  where: string,
  section: { readonly name: string },
  kinds: Readonly<Record<string, Readonly<Record<string, OptionRule>>>>,
): void {
  const name = String(section.name)
  const rules = Object.hasOwn(kinds, name) ? kinds[name]! : undefined
  if (!rules) {
    throw new ConfigurationError(
      `${where}: expected "name" to be one of ${Object.keys(kinds).join(', ')}, found another`,
    )
  }
  const required = Object.keys(rules).filter((option) => !OPTIONAL.includes(option))
  const missing = required.find((option) => !Object.hasOwn(section, option))
  if (missing !== undefined) throw new ConfigurationError(`${where} "${name}": the option "${missing}" is missing`)
  assertOptions<Readonly<Record<string, unknown>>>(`${where} "${name}"`, { ...section }, rules)
}
