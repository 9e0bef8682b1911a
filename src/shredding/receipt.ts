import type { KekRef } from '../kms/provider.js'
import type { ShredTarget } from './shred-target.js'

/**
 * `running`: begun and not ended; resume it. `pending`: ended, and copies of the wrapped data keys may still be held.
 * `final`: none is known of any more.
 */
export type ReceiptStatus = 'running' | 'pending' | 'final'

/** A place where wrapped data keys that were removed may still be found. */
export interface HeldCopy {
  readonly where: 'journal' | 'caches' | 'dead rows' | 'WAL' | 'replicas' | 'backups'
  /** `unknown` where this database user may not look: grant it `pg_monitor`. Counts as held. */
  readonly state: 'held' | 'gone' | 'unknown'
  /** The end, as an instant, where there is one that is known. */
  readonly until?: string
  readonly explanation: string
}

/** What was shredded: read from the append-only tables, and compared with the database as it is now. */
export interface ShredReceipt {
  readonly id: string
  readonly status: ReceiptStatus
  readonly target: ShredTarget
  readonly tables: readonly { readonly entity: string; readonly schema: string; readonly table: string }[]
  readonly reason: string
  readonly ticket?: string
  readonly who: string
  readonly databaseUser: string
  readonly startedAt: string
  readonly endedAt?: string
  /** Credentials whose wraps were removed. */
  readonly rows: number
  /** Of these, how many were tried to be opened and were refused. The others were deleted or have a new envelope since. */
  readonly tried?: number
  /** The versions of KEKs that the removed wraps were under, with the number of wraps. */
  readonly keks: readonly { readonly kek: KekRef; readonly wraps: number }[]
  /** Empty while the run has not ended. */
  readonly copies: readonly HeldCopy[]
}

/** One credential of a receipt. */
export interface ShreddedRow {
  readonly entity: string
  readonly primaryKey: Readonly<Record<string, string>>
  readonly envelope: string
  /** SHA-256 of each wrapped data key that was removed, in hex: tells whether a copy that turns up is one of them. */
  readonly wraps: readonly { readonly kek: KekRef; readonly sha256: string }[]
  readonly shreddedAt: string
}
