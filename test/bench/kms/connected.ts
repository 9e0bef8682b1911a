import type { CallLedger, DataKey, EncryptionContext, KmsProvider, WrappedDataKey } from 'waxseal/kms'
import { DeadlineProvider, LimitingProvider, ProvingProvider, RecordingProvider, RetryingProvider } from 'waxseal/kms'

/** The operations of a provider, and the same requests to the vendor with the same parameters and without this library. */
export interface BareCalls {
  generateDataKey(): Promise<unknown>
  wrap(): Promise<unknown>
  unwrap(): Promise<unknown>
  rewrap(): Promise<unknown>
}

/** One vendor, by our provider and without it. */
export interface ConnectedVendor {
  readonly provider: KmsProvider
  readonly dataKey: DataKey
  readonly wrapped: WrappedDataKey
  readonly bare: BareCalls
  /** How many each operation is. */
  readonly requests: Readonly<Record<keyof BareCalls, number>>
  /** What else is to be known about this vendor. */
  readonly besides: readonly Beside[]
}

export interface Beside {
  readonly id: string
  readonly title: string
  readonly over: () => Promise<unknown>
  readonly base: () => Promise<unknown>
}

export const CONTEXT: EncryptionContext = {
  entity: 'credential',
  environment: 'production',
  tenant: 'b1f0c1de-5a0e-4c9a-9e07-6d1f1a2b3c4d',
}

const LEDGER: CallLedger = { begin: async () => undefined, complete: async () => undefined }

/** As `connectCipher` and the cipher surround a provider; with a ledger, which costs nothing by itself. */
export function surrounded(provider: KmsProvider): KmsProvider {
  const recorded = new RecordingProvider(provider, LEDGER)
  return new DeadlineProvider(new ProvingProvider(new RetryingProvider(new LimitingProvider(recorded))))
}
