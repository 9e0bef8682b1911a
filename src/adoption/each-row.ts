import type { RowFailure } from '../jobs/index.js'
import { systemClock } from '../kms/clock.js'
import { mapConcurrently } from '../postgres/map-concurrently.js'
import type { RowState } from './legacy-rows.js'
import { isOfOneRow } from './row-errors.js'
import type { RunSettings } from './run-settings.js'

export interface EachRow<T> {
  readonly results: readonly T[]
  readonly failures: readonly RowFailure[]
}

/** Handles rows, some at a time. What is wrong with one of them is its failure; what concerns all is thrown. */
export async function eachRow<T>(
  rows: readonly RowState[],
  { concurrency, pace, clock = systemClock }: RunSettings,
  signal: AbortSignal,
  handle: (row: RowState, now: number) => Promise<T>,
): Promise<EachRow<T>> {
  await pace(rows.length, signal)
  const results: T[] = []
  const failures: RowFailure[] = []
  await mapConcurrently(rows, concurrency, async (row) => {
    signal.throwIfAborted()
    try {
      results.push(await handle(row, clock.now()))
    } catch (error) {
      if (!isOfOneRow(error)) throw error
      failures.push({ row: row.asked, error })
    }
  })
  return { results, failures }
}
