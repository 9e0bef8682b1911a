export type { AccessLog, DataKeyAccess } from './envelope/access-log.js'
export {
  type EnvelopeBinding,
  encryptionContextOf,
} from './envelope/binding.js'
export type { EnvelopeCipherOptions, OpenOptions } from './envelope/cipher-options.js'
export { type Closable, closeOnSignals } from './envelope/close-on-signals.js'
export type { CredentialAction, CredentialEvent, CredentialLog } from './envelope/credential-log.js'
export type { CacheStatistics, DataKeyCacheOptions } from './envelope/data-key-cache.js'
export {
  type EncryptedField,
  formatBytes,
  formatText,
  parseBytes,
  parseText,
} from './envelope/encrypted-field.js'
export { EnvelopeCipher } from './envelope/envelope-cipher.js'
export type { FieldKind, FieldSpec } from './envelope/field-value.js'
export { type Health, type HealthCheckOptions, healthCheck, mintCanary } from './envelope/health-check.js'
export type { KekHealth } from './envelope/kek-health.js'
export type { AcceptedKek } from './envelope/kek-list.js'
export type { CloseOptions } from './envelope/lifetime.js'
export type {
  EmptyMetadata,
  EnvelopeMetadata,
  ShreddedMetadata,
  StoredWrap,
  WrappedMetadata,
} from './envelope/metadata.js'
export { metadataFromJson, metadataToJson } from './envelope/metadata-codec.js'
export { OpenEnvelope } from './envelope/open-envelope.js'
export type { RewrapCallOptions } from './envelope/rewrap.js'
export type { AnnouncerHealth, WrapAnnouncer } from './envelope/wrap-announcements.js'
export * from './errors.js'
export type {
  CallEnd,
  CallLedger,
  CallStart,
  KmsOperation,
  LedgerEntry,
  LedgerOperation,
  UpkeepOperation,
} from './kms/call-ledger.js'
export { InMemoryCallLedger } from './kms/call-ledger.js'
export { type Clock, systemClock } from './kms/clock.js'
export { canonicalContext, type EncryptionContext } from './kms/context.js'
export { DataKey } from './kms/data-key.js'
export { type DeadlineOptions, DeadlineProvider } from './kms/deadline-provider.js'
export type { EventEnd, EventLog } from './kms/event-log.js'
export type {
  CallOptions,
  GeneratedDataKey,
  KekRef,
  KmsProvider,
  KmsReply,
  WrapOnlyRecipient,
  WrappedDataKey,
} from './kms/provider.js'
export { RecordingProvider } from './kms/recording-provider.js'
