import type { KmsOperation } from './call-ledger.js'

/** What a KMS allows and asks for, as its vendor publishes it: for estimates before a long run. */
export interface ProviderLimits {
  /** Calls to the KMS that an operation of the provider is. None: in this process, or by public key. */
  readonly calls: Readonly<Record<Exclude<KmsOperation, 'currentKek'>, number>>
  /** Of one key, account or project by default, whichever is least; undefined where the vendor sets no limit. */
  readonly callsPerSecond?: number
  /** US dollars. */
  readonly pricePer10000Calls: number
  /** Where the vendor says so. */
  readonly sources: readonly string[]
}
