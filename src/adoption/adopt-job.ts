import { metadataFromJson } from '../envelope/metadata-codec.js'
import type { Batch, Job, RowFailure } from '../jobs/index.js'
import { type Clock, systemClock } from '../kms/clock.js'
import { mapConcurrently } from '../postgres/map-concurrently.js'
import type { StoredRow } from '../postgres/stored-row.js'
import type { AdoptedTable } from './adopted-table.js'
import { type AdoptingCipher, encryptRow } from './encrypt-row.js'
import { type RowState, readStates } from './legacy-rows.js'
import { type Pace, paceOf } from './pace.js'
import { isEmptyRow } from './plaintexts.js'
import { type PreparedChanges, type RowChange, storeChanges } from './row-change.js'
import { isOfOneRow } from './row-errors.js'

export interface AdoptSettings {
  readonly cipher: AdoptingCipher
  /** Rows that wait for the KMS at a time. */
  readonly concurrency: number
  /** Of this process, at most. Default: as fast as it goes. */
  readonly rowsPerSecond?: number
  readonly clock?: Clock
}

/** Gives each row without an envelope one, with all fields that its sources hold. Written only over what was read. */
export function adoptJob(table: AdoptedTable, settings: AdoptSettings): Job<PreparedChanges> {
  const { rowsPerSecond = Number.POSITIVE_INFINITY, clock = systemClock } = settings
  const pace = paceOf(rowsPerSecond, clock)
  return {
    kind: 'adopt',
    table,
    options: {},
    async sets(sets) {
      return sets.filter(({ sample }) => metadataFromJson(JSON.parse(sample.metadata)).state !== 'wrapped')
    },
    prepare: (rows, batch) => prepare(table, { ...settings, clock, pace }, rows, batch),
    store: (client, prepared) => storeChanges(client, table, prepared, { counted: 'encrypted' }),
  }
}

async function prepare(
  table: AdoptedTable,
  { cipher, concurrency, pace, clock }: AdoptSettings & { readonly clock: Clock; readonly pace: Pace },
  rows: readonly StoredRow[],
  { client, signal }: Batch,
): Promise<PreparedChanges> {
  const plain = rows.filter(({ metadata }) => metadata === '{}')
  const states = [...(await readStates(client, table, plain, 'unlocked')).values()]
  // Those that got an envelope in between are nobody's business any more.
  const left = states.filter((state) => state.metadata === '{}')
  const filled = left.filter((state) => !isEmptyRow(table, state))
  await pace(filled.length, signal)
  const failures: RowFailure[] = []

  async function encrypt(row: RowState): Promise<RowChange | undefined> {
    signal.throwIfAborted()
    try {
      return await encryptRow(table, row, cipher, clock.now(), { signal })
    } catch (error) {
      if (!isOfOneRow(error)) throw error
      failures.push({ row: row.asked, error })
      return undefined
    }
  }

  const changes = await mapConcurrently(filled, concurrency, encrypt)
  return {
    changes: changes.filter((change) => change !== undefined),
    counts: { shredded: rows.length - plain.length, empty: left.length - filled.length },
    failures,
  }
}
