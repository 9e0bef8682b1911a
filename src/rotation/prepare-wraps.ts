import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import type { WrappedMetadata } from '../envelope/metadata.js'
import { metadataFromJson, metadataToJson } from '../envelope/metadata-codec.js'
import type { Batch, RowFailure } from '../jobs/index.js'
import { mapConcurrently } from '../postgres/map-concurrently.js'
import { bindingOf, type ProtectedTable } from '../postgres/protected-table.js'
import type { StoredRow } from '../postgres/stored-row.js'
import { EventLoopTurns } from './event-loop-turns.js'
import { assertNoOutage } from './outage.js'
import { isUnknown, sameKeks } from './stale-sets.js'

export interface NewWraps {
  readonly row: StoredRow
  readonly former: WrappedMetadata
  /** As JSON. */
  readonly next: string
  /** Whether its KEK refs are others than before. */
  readonly moves: boolean
}

export interface PreparedWraps {
  readonly wraps: readonly NewWraps[]
  readonly counts: { current: number; shredded: number; empty: number }
  readonly failures: readonly RowFailure[]
}

export interface Rewrapping {
  readonly table: ProtectedTable
  readonly cipher: Pick<EnvelopeCipher, 'rewrap' | 'currentKeks'>
  /** Rows whose data keys are being rewrapped at a time. */
  readonly concurrency: number
  /** `each`: no wrap is stored that was not unwrapped. `sample`: the old wraps are kept until a sample of a run was. */
  readonly verify: 'each' | 'sample'
}

/** Less than a millisecond with a local KEK. */
const ROWS_IN_A_TURN = 8

/** Wraps the data keys of these rows under the current KEKs. */
export async function prepareWraps(
  { table, cipher, concurrency, verify }: Rewrapping,
  rows: readonly StoredRow[],
  { signal, startedAt }: Pick<Batch, 'signal' | 'startedAt'>,
): Promise<PreparedWraps> {
  const counts = { current: 0, shredded: 0, empty: 0 }
  const failures: RowFailure[] = []

  async function rewrap(row: StoredRow): Promise<NewWraps | undefined> {
    signal.throwIfAborted()
    try {
      const former = metadataFromJson(JSON.parse(row.metadata))
      if (former.state !== 'wrapped') {
        counts[former.state] += 1
        return undefined
      }
      const binding = bindingOf(table, row.bound)
      const isDone = isUnknown(former) && (await wasHandledSince(former, startedAt, () => cipher.currentKeks(binding)))
      const next = isDone ? former : await cipher.rewrap(former, binding, { signal, prove: verify === 'each' })
      if (next === former) {
        counts.current += 1
        return undefined
      }
      return { row, former, next: JSON.stringify(metadataToJson(next)), moves: !sameKeks(keksOf(former), keksOf(next)) }
    } catch (error) {
      signal.throwIfAborted()
      failures.push({ row, error })
      return undefined
    }
  }

  const turns = new EventLoopTurns(ROWS_IN_A_TURN)
  const results = await mapConcurrently(rows, concurrency, async (row) => {
    const result = await rewrap(row)
    await turns.next()
    return result
  })
  const wraps = results.filter((each) => each !== undefined)
  if (wraps.length === 0) assertNoOutage(failures)
  return { wraps, counts, failures }
}

/**
 * A KMS that does not tell its versions leaves every wrap in doubt, so that each is made anew once in a run: whatever was
 * wrapped since the run began was wrapped by a version that was current then.
 */
async function wasHandledSince(
  { wraps }: WrappedMetadata,
  startedAt: Date,
  currentKeks: () => Promise<readonly WrappedMetadata['wraps'][number]['kek'][]>,
): Promise<boolean> {
  // Stored in whole seconds.
  const start = Math.floor(startedAt.getTime() / 1_000) * 1_000
  const unknown = wraps.filter(({ kek }) => kek.version === '')
  if (unknown.some(({ wrappedAt }) => Date.parse(wrappedAt) < start)) return false
  return sameKeks(
    wraps.map(({ kek }) => kek),
    await currentKeks(),
  )
}

const keksOf = ({ wraps }: WrappedMetadata) => wraps.map(({ kek }) => kek)
