export type { DatedReader, LegacyReader, LegacyRow, LegacyValue } from '../../postgres/field-adoption.js'
export { assertReader, connectReaders, type DeclaredReader } from './connect-readers.js'
export { flaggedReader } from './flagged.js'
export { hexGcmReader } from './hex-gcm.js'
export { derivedKey, type KdfSection } from './legacy-key.js'
export { plaintextReader } from './plaintext.js'
export { type LegacyPlaintext, readLegacy } from './read-legacy.js'
export type {
  FlaggedSection,
  HexGcmSection,
  PlaintextSection,
  ReaderSection,
  SecretPlace,
  TypeormEncryptedSection,
} from './reader-sections.js'
export { typeormEncryptedReader } from './typeorm-encrypted.js'
