export type { CallBudget, KekName, Reservation } from './budget.js'
export { type BudgetOptions, BudgetProvider } from './budget-provider.js'
export { CachedLookup } from './cached-lookup.js'
export type {
  CallEnd,
  CallLedger,
  CallStart,
  KmsOperation,
  LedgerEntry,
  LedgerOperation,
  UpkeepOperation,
} from './call-ledger.js'
export { InMemoryCallLedger } from './call-ledger.js'
export { type Clock, systemClock } from './clock.js'
export { canonicalContext, type EncryptionContext } from './context.js'
export { DATA_KEY_BYTES, DataKey } from './data-key.js'
export { withDeadline } from './deadline.js'
export { type DeadlineOptions, DeadlineProvider } from './deadline-provider.js'
export { type ForwardedCall, ForwardingProvider } from './forwarding-provider.js'
export { LimitingProvider, type LimitOptions } from './limiting-provider.js'
export { type PerContextOptions, PerContextProvider } from './per-context-provider.js'
export type {
  CallOptions,
  GeneratedDataKey,
  KekRef,
  KmsProvider,
  KmsReply,
  WrapOnlyRecipient,
  WrappedDataKey,
} from './provider.js'
export { describeKek, sameKek } from './provider.js'
export { ProvingProvider } from './proving-provider.js'
export { RecordingProvider } from './recording-provider.js'
export { RetryingProvider, type RetryOptions } from './retrying-provider.js'
export { generateThenWrap, unwrapThenWrap } from './strategies.js'
export { textOptions } from './text-options.js'
export { recordedUpkeep, type Upkeep, unrecordedUpkeep } from './upkeep.js'
export { type FailedCall, networkCodeOf, type VendorFailure, vendorError } from './vendor-failure.js'
