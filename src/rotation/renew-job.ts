import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import type { WrappedMetadata } from '../envelope/metadata.js'
import { metadataFromJson, wrappedAtOf } from '../envelope/metadata-codec.js'
import type { Batch, Job, RowFailure } from '../jobs/index.js'
import { mapConcurrently } from '../postgres/map-concurrently.js'
import type { ProtectedTable } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { readFields } from '../postgres/read-credentials.js'
import type { StoredRow } from '../postgres/stored-row.js'
import { assertNoOutage } from './outage.js'
import { type Renewed, renewCredential } from './renew-credential.js'
import { isNamed, type RenewalFilter, type Wanted } from './renewal-filter.js'
import { storeRenewed } from './store-renewed.js'

export interface RenewJobOptions {
  readonly table: ProtectedTable
  readonly cipher: Pick<EnvelopeCipher, 'open' | 'mint' | 'forget'>
  readonly filter: RenewalFilter
  readonly wanted: Wanted
  readonly concurrency: number
}

export interface PreparedRenewals {
  readonly renewed: readonly Renewed[]
  readonly counts: { kept: number; shredded: number; empty: number }
  /** Gone since they were listed. */
  readonly gone: number
  readonly failures: readonly RowFailure[]
}

/** Gives rows new data keys. The only job that decrypts fields. */
export function renewJob(options: RenewJobOptions): Job<PreparedRenewals> {
  const { table, filter } = options
  return {
    kind: 'renew',
    table,
    options: { ...filter },
    sets: async (sets) => sets.filter(({ sample }) => mayHold(sample, filter)),
    prepare: (rows, batch) => prepareRenewals(options, rows, batch),
    async store(client, { renewed, counts, gone, failures }, { pass, run }) {
      const { stored, failures: refused } = await storeRenewed(client, table, renewed)
      await client.query('INSERT INTO waxseal.renewed_envelope SELECT $1, unnest($2::text[])', [
        run,
        stored.map(({ envelope }) => envelope),
      ])
      await writeDownSuperseded(client, run, stored)
      return {
        // Rows that are left as they are are met in each pass.
        counts: { renewed: stored.length, ...(pass === 1 && counts) },
        // Another pass finds those that a rotation has moved into a set that was read already.
        moved: stored.length,
        lost: gone + renewed.length - stored.length - refused.length,
        failures: [...failures, ...refused],
      }
    },
  }
}

async function prepareRenewals(
  { table, cipher, wanted, concurrency }: RenewJobOptions,
  rows: readonly StoredRow[],
  { client, signal, startedAt, run }: Batch,
): Promise<PreparedRenewals> {
  const counts = { kept: 0, shredded: 0, empty: 0 }
  const failures: RowFailure[] = []
  const since = wrappedAtOf(startedAt.getTime() + CLOCKS_DIFFER_MS)
  const made = await renewedBy(client, run, rows)

  /** Undefined when the row is accounted for already. */
  function due(row: StoredRow): WrappedMetadata | undefined {
    try {
      const metadata = metadataFromJson(JSON.parse(row.metadata))
      if (metadata.state !== 'wrapped') counts[metadata.state] += 1
      else if (made.has(metadata.id) || isMadeSince(metadata, since) || !wanted.holds(row, metadata)) counts.kept += 1
      else return metadata
    } catch (error) {
      failures.push({ row, error })
    }
    return undefined
  }

  const listed = rows.filter(due)
  const found = await readFields(client, table, listed)
  const renewed = await mapConcurrently(found, concurrency, async (row) => {
    signal.throwIfAborted()
    // As it was read with its fields: it may have changed since it was listed.
    const metadata = due(row)
    if (!metadata) return undefined
    try {
      return await renewCredential(table, cipher, row, metadata, signal)
    } catch (error) {
      signal.throwIfAborted()
      failures.push({ row, error })
      return undefined
    }
  })
  const prepared = renewed.filter((each) => each !== undefined)
  if (prepared.length === 0) assertNoOutage(failures)
  return { renewed: prepared, counts, gone: listed.length - found.length, failures }
}

const CLOCKS_DIFFER_MS = 300_000

/** Made by a writer while the run went on. Those that are not that young are renewed once more than they need to be. */
function isMadeSince({ wrap, wraps }: WrappedMetadata, since: string): boolean {
  return wrap === 1 && wraps.every(({ wrappedAt }) => wrappedAt >= since)
}

async function renewedBy(client: Queryable, run: string, rows: readonly StoredRow[]): Promise<Set<unknown>> {
  const { rows: found } = await client.query(
    `SELECT envelope FROM waxseal.renewed_envelope
      WHERE run = $1 AND envelope IN (SELECT metadata ->> 'id' FROM unnest($2::jsonb[]) AS metadata)`,
    [run, rows.map(({ metadata }) => metadata)],
  )
  return new Set(found.map(({ envelope }) => envelope))
}

/** Stays when the run is forgotten: who uses one of these data keys later has it from an old copy. */
async function writeDownSuperseded(client: Queryable, run: string, stored: readonly Renewed[]): Promise<void> {
  // A row that was restored from a backup is renewed a second time.
  await client.query(
    `INSERT INTO waxseal.superseded_envelope (run, envelope)
      SELECT $1, metadata ->> 'id' FROM unnest($2::jsonb[]) AS metadata ON CONFLICT DO NOTHING`,
    [run, stored.map(({ row }) => row.metadata)],
  )
}

function mayHold({ metadata }: StoredRow, { kek }: RenewalFilter): boolean {
  try {
    const sample = metadataFromJson(JSON.parse(metadata))
    return sample.state === 'wrapped' && (kek === undefined || sample.wraps.some((each) => isNamed(each.kek, kek)))
  } catch {
    // Its rows are reported.
    return true
  }
}
