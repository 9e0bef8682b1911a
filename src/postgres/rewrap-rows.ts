import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import { metadataFromJson, metadataToJson } from '../envelope/metadata-codec.js'
import { assertOptions, isObject, type OptionRules, wholeNumberFrom } from '../kms/options.js'
import { mapConcurrently } from './map-concurrently.js'
import { bindingOf, type ProtectedTable } from './protected-table.js'
import type { Queryable } from './queryable.js'
import type { StoredRow } from './stored-row.js'
import { keyOf, readAgain, swapMetadata } from './swap-metadata.js'

export interface RewrapOptions {
  /** Rows whose data keys are being rewrapped at a time, 10 unless said otherwise. */
  readonly concurrency?: number
  /** Ends the run: nothing of the batch is stored then, and the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

const OPTIONS: OptionRules<RewrapOptions> = {
  concurrency: wholeNumberFrom(1),
  signal: [isObject, 'be an AbortSignal'],
}

/** Every row is counted once. */
export interface RewrapReport {
  /** Stored under the current KEKs now. */
  rewrapped: number
  /** Were so already. */
  current: number
  /** Changed by other writers twice while their data keys were rewrapped, or deleted. Read them again. */
  lost: number
  shredded: number
  /** Without an envelope. */
  empty: number
  failures: RewrapFailure[]
}

export interface RewrapFailure {
  readonly primaryKey: Readonly<Record<string, string>>
  readonly error: unknown
}

/**
 * Wraps the data keys of these rows under the current KEKs. Nothing but the metadata column is written, and only over
 * what was read; each new wrap has been proven by the cipher before. Calls to a KMS are made with no transaction open, as
 * long as the caller has opened none on `client`. A row that fails is reported and does not stop the others.
 */
export async function rewrapRows(
  client: Queryable,
  table: ProtectedTable,
  rows: readonly StoredRow[],
  cipher: Pick<EnvelopeCipher, 'rewrap'>,
  options: RewrapOptions = {},
): Promise<RewrapReport> {
  assertOptions('rewrapRows', options, OPTIONS)
  const { concurrency = 10, signal } = options
  const report: RewrapReport = { rewrapped: 0, current: 0, lost: 0, shredded: 0, empty: 0, failures: [] }
  const fail = ({ primaryKey }: StoredRow, error: unknown) => report.failures.push({ primaryKey, error })

  /** The metadata to store, as JSON; undefined when the row is accounted for already. */
  async function rewrap(row: StoredRow): Promise<string | undefined> {
    try {
      const metadata = metadataFromJson(JSON.parse(row.metadata))
      if (metadata.state !== 'wrapped') {
        report[metadata.state] += 1
        return undefined
      }
      const next = await cipher.rewrap(metadata, bindingOf(table, row.bound), signal ? { signal } : {})
      if (next !== metadata) return JSON.stringify(metadataToJson(next))
      report.current += 1
    } catch (error) {
      signal?.throwIfAborted()
      fail(row, error)
    }
    return undefined
  }

  /** Returns the rows that somebody else changed meanwhile. */
  async function attempt(batch: readonly StoredRow[]): Promise<StoredRow[]> {
    const rewrapped = await mapConcurrently(batch, concurrency, async (row) => {
      signal?.throwIfAborted()
      return { row, next: await rewrap(row) }
    })
    const swaps = rewrapped.flatMap(({ row, next }) => (next === undefined ? [] : [{ row, next }]))
    const { stored: swapped, failures } = await swapMetadata(client, table, swaps)
    report.rewrapped += swapped.length
    for (const { row, error } of failures) fail(row, error)
    const done = new Set([...swapped, ...failures.map(({ row }) => row)].map(keyOf))
    return swaps.map(({ row }) => row).filter((row) => !done.has(keyOf(row)))
  }

  const changed = await attempt(rows)
  const again = await readAgain(client, table, changed)
  const lost = await attempt(again)
  report.lost = changed.length - again.length + lost.length
  return report
}
