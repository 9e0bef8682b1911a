export type { AlertDeclaration, AuditDeclaration } from './audit-section.js'
export type { AnchorsDeclaration, CheckpointsDeclaration } from './checkpoints-section.js'
export type {
  AcceptedDeclaration,
  Configuration,
  DataSourceLike,
  ProviderSection,
  RotationDeclaration,
} from './configuration.js'
export { defineConfiguration } from './configuration.js'
export { type CipherOptions, type ConnectOptions, connectCipher } from './connect-cipher.js'
export { connectLedger, type LedgerConnectOptions } from './connect-ledger.js'
export type { Environment } from './environment.js'
export type { LedgerDeclaration } from './ledger-section.js'
export { type LoadedConfiguration, type LoadOptions, loadConfiguration } from './load-configuration.js'
export type { FieldDeclaration, TableDeclaration } from './table-declaration.js'
export type { TrailDeclaration } from './trail-section.js'
