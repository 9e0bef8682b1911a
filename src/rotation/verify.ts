import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import type { WrappedMetadata } from '../envelope/metadata.js'
import { metadataFromJson, metadataToJson } from '../envelope/metadata-codec.js'
import { isWaxsealError } from '../errors.js'
import { inTransaction } from '../postgres/in-transaction.js'
import { keyOfRow } from '../postgres/kek-sets.js'
import { mapConcurrently } from '../postgres/map-concurrently.js'
import { bindingOf, type ProtectedTable } from '../postgres/protected-table.js'
import type { Pool } from '../postgres/queryable.js'
import type { StoredRow } from '../postgres/stored-row.js'
import { readAgain, swapTogether } from '../postgres/swap-metadata.js'
import { type JournalEntry, purgeEntries, purgeJournal, readJournal } from './journal.js'

export interface Verification {
  readonly table: ProtectedTable
  readonly cipher: Pick<EnvelopeCipher, 'open' | 'forget'>
  readonly pool: Pool
  readonly concurrency: number
  readonly sampleRows: number
}

export interface Verified {
  /** Rows each of whose wraps was opened. */
  readonly opened: number
  /** Rows that have their old wraps again, since a new one did not open. */
  readonly restored: number
}

const BATCH = 1_000

/**
 * Opens each wrap of a sample of what a run has rewrapped, and throws the old wraps away. When one does not open, all rows are
 * opened, and those with such a wrap get their old ones back.
 */
export async function verifyRun(run: string, verification: Verification): Promise<Verified> {
  const { pool, sampleRows } = verification
  const sample = await readJournal(pool, run, '', sampleRows)
  const bad = await entriesThatDoNotOpen(sample, verification)
  if (bad.length === 0) {
    await purgeJournal(pool, run)
    return { opened: sample.length, restored: 0 }
  }
  let [opened, restored, after] = [0, 0, '']
  for (;;) {
    const entries = await readJournal(pool, run, after, BATCH)
    if (entries.length === 0) return { opened, restored }
    const unopened = await entriesThatDoNotOpen(entries, verification)
    restored += await restore(run, unopened, verification)
    opened += entries.length - unopened.length
    const kept = new Set(unopened.map(({ entry }) => entry.envelope))
    await purgeEntries(
      pool,
      run,
      entries.map(({ envelope }) => envelope).filter((envelope) => !kept.has(envelope)),
    )
    after = entries.at(-1)!.envelope
  }
}

interface Unopened {
  readonly entry: JournalEntry
  readonly row: StoredRow
  readonly metadata: WrappedMetadata
}

async function entriesThatDoNotOpen(
  entries: readonly JournalEntry[],
  { table, cipher, pool, concurrency }: Verification,
): Promise<Unopened[]> {
  const keys = entries.map(({ primaryKey }) => ({
    primaryKey: Object.fromEntries(table.primaryKey.map(({ column }, i) => [column, primaryKey[i]!])),
  }))
  const rows = await readAgain(pool, table, keys)
  const byKey = new Map(rows.map((row) => [JSON.stringify(keyOfRow(table, row)), row]))
  const judged = await mapConcurrently(entries, concurrency, async (entry): Promise<Unopened | undefined> => {
    const row = byKey.get(JSON.stringify(entry.primaryKey))
    const metadata = row && metadataFromJson(JSON.parse(row.metadata))
    // Deleted, shredded, or given another envelope since: nothing of it rests on the run.
    if (metadata?.state !== 'wrapped' || metadata.id !== entry.envelope) return undefined
    return (await opens(metadata, () => bindingOf(table, row!.bound), cipher))
      ? undefined
      : { entry, row: row!, metadata }
  })
  return judged.filter((each) => each !== undefined)
}

/** Each wrap by itself. Those of a recovery key cannot be opened here. */
async function opens(
  metadata: WrappedMetadata,
  binding: () => Parameters<EnvelopeCipher['open']>[1],
  cipher: Pick<EnvelopeCipher, 'open' | 'forget'>,
): Promise<boolean> {
  // What the cache holds was unwrapped from another wrap.
  cipher.forget(metadata.id)
  let opened = 0
  for (const wrap of metadata.wraps) {
    try {
      await cipher.open({ ...metadata, wraps: [wrap] }, binding())
      opened++
    } catch (error) {
      if (!isWaxsealError(error) || error.retryable) throw error
      if (error.code !== 'ERR_KEK_NOT_ACCEPTED') return false
    }
  }
  return opened > 0
}

async function restore(run: string, unopened: readonly Unopened[], { table, pool }: Verification): Promise<number> {
  if (unopened.length === 0) return 0
  const swaps = unopened.map(({ entry, row, metadata }) => {
    const former = metadataFromJson(JSON.parse(entry.metadata)) as WrappedMetadata
    return { row, next: JSON.stringify(metadataToJson({ ...former, wrap: metadata.wrap + 1 })) }
  })
  const client = await pool.connect()
  try {
    return await inTransaction(client, async () => {
      const stored = await swapTogether(client, table, swaps)
      const keys = new Set(stored.map((row) => JSON.stringify(keyOfRow(table, row))))
      const done = unopened.filter(({ row }) => keys.has(JSON.stringify(keyOfRow(table, row))))
      await purgeEntries(
        client,
        run,
        done.map(({ entry }) => entry.envelope),
      )
      return done.length
    })
  } finally {
    client.release()
  }
}
