import type { KekSet } from '../postgres/kek-sets.js'
import type { ProtectedTable } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import type { StoredRow } from '../postgres/stored-row.js'

/**
 * What is done to the rows of one table, on however many machines, while the application writes. To write a job:
 *
 * 1. `sets` picks the sets of KEK refs that hold rows to be handled. Rows without an envelope are the set of no refs
 *    (`sample.metadata` is `{}` or shredded). It may ask a KMS.
 * 2. `prepare` does everything that takes time or asks a KMS for a batch of rows, with no transaction open and no row
 *    locked. `batch.client` is for reading more of the rows. It runs ahead: the batch before may not be stored yet.
 * 3. `store` writes what was prepared, only over what was read (compare and swap, or lock and compare), by `client`, which is
 *    in the transaction that also counts the rows and moves the cursor: what a killed process had not committed never
 *    happened, and what it had is not done again. It asks no KMS.
 *
 * A row that cannot be handled is a `failure`, and stops no other. What concerns all rows is thrown: the run stays open,
 * and whoever works on it next goes on where this one ended. A job runs in passes, until one finds nothing that moved or
 * was lost: rows that came into a set behind the reader, or were changed by others meanwhile, are met in the next.
 */
export interface Job<Prepared> {
  /** Such as `rotate`. One run of a kind is open for a table at a time. */
  readonly kind: string
  readonly table: ProtectedTable
  /** Stored with the run. Whoever joins or resumes it has to have the same. */
  readonly options: Readonly<Record<string, unknown>>
  sets(sets: readonly KekSet[], client: Queryable): Promise<readonly KekSet[]>
  prepare(rows: readonly StoredRow[], batch: Batch): Promise<Prepared>
  store(client: Queryable, prepared: Prepared, batch: Batch): Promise<Outcome>
}

export interface Batch {
  readonly run: string
  /** By the server's clock. */
  readonly startedAt: Date
  /** From 1. Rows that stay in their sets are met in each. */
  readonly pass: number
  /** For reading, with no transaction open. Not the one of `store`. */
  readonly client: Queryable
  readonly signal: AbortSignal
}

export interface Outcome {
  /** By name, added up over all batches. Each row is counted once, by one of them, or is a failure. */
  readonly counts: Readonly<Record<string, number>>
  /** How many rows are in another set now. */
  readonly moved: number
  /** How many rows others changed meanwhile: read again in the next pass. */
  readonly lost: number
  readonly failures: readonly RowFailure[]
}

export interface RowFailure {
  readonly row: StoredRow
  readonly error: unknown
}
