export type { AdoptOptions } from './adopt-options.js'
export type { GuardStage } from './adoption-rules.js'
export { BOUND_TYPES, type BoundType } from './bound-value.js'
export { buildIndexesConcurrently } from './build-indexes.js'
export type {
  DatedReader,
  EncryptionMode,
  FieldAdoption,
  LegacyReader,
  LegacyRow,
  LegacyValue,
} from './field-adoption.js'
export { assertGuard, checkGuard, type GuardState } from './guard-check.js'
export type { GuardFinding, GuardFindingCode } from './guard-finding.js'
export type { GuardCode } from './guard-rules.js'
export { type GuardSql, guardSql } from './guard-sql.js'
export {
  type BoundColumn,
  bindingOf,
  type ContextColumn,
  type FieldColumn,
  type ProtectedTable,
  qualifiedName,
  quoteIdentifier,
  quoteLiteral,
} from './protected-table.js'
export type { Pool, PooledClient, Queryable } from './queryable.js'
export { type ReadEnvelopesOptions, readEnvelopes } from './read-envelopes.js'
export { type RewrapFailure, type RewrapOptions, type RewrapReport, rewrapRows } from './rewrap-rows.js'
export type { StoredRow } from './stored-row.js'
