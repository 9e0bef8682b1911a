export type { DatedReader, LegacyReader, LegacyRow, LegacyValue } from '../../postgres/field-adoption.js'
export { datedReader } from './dated-reader.js'
export { type LegacyPlaintext, readLegacy } from './read-legacy.js'
export type {
  FlaggedSection,
  HexGcmSection,
  KdfSection,
  PlaintextSection,
  ReaderSection,
  SecretPlace,
  TypeormEncryptedSection,
} from './reader-sections.js'
