import { ConfigurationError } from '../../errors.js'
import { assertOptions, type OptionRule } from '../../kms/options.js'
import type { DatedReader, LegacyReader } from '../../postgres/field-adoption.js'
import { flaggedReader } from './flagged.js'
import { hexGcmReader } from './hex-gcm.js'
import { derivedKey, hexKey } from './legacy-key.js'
import { plaintextReader } from './plaintext.js'
import type { ReaderSection } from './reader-sections.js'
import { KDF_RULES, OPTIONAL, SECTION_RULES } from './section-rules.js'
import { typeormEncryptedReader } from './typeorm-encrypted.js'

/**
 * A reader by its name, such as `datedReader({ name: 'plaintext', until: '2027-01-31' })`. Throws `ConfigurationError` for an
 * option that is unknown, missing or unusable. Its key is looked for when the first value is read.
 */
export function datedReader(section: ReaderSection): DatedReader {
  assertSection('reader', section, SECTION_RULES)
  if (section.name === 'flagged') assertSection('"kdf" of the reader "flagged"', section.kdf, KDF_RULES)
  return { reader: readerOf(`reader "${section.name}"`, section), until: new Date(section.until) }
}

function readerOf(owner: string, section: ReaderSection): LegacyReader {
  switch (section.name) {
    case 'plaintext':
      return plaintextReader()
    case 'hex-gcm':
      return hexGcmReader(hexKey(owner, section.key))
    case 'typeorm-encrypted':
      return typeormEncryptedReader(hexKey(owner, section.key), section)
    case 'flagged':
      return flaggedReader(derivedKey(owner, section.passphrase, section.kdf), section)
  }
}

function assertSection(
  where: string,
  section: { readonly name: string },
  kinds: Readonly<Record<string, Readonly<Record<string, OptionRule>>>>,
): void {
  const name = String(section?.name)
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
