import { ConfigurationError } from '../../errors.js'
import { uuidV7 } from '../../kms/uuid-v7.js'
import { inSnapshot } from '../../postgres/in-transaction.js'
import type { Queryable } from '../../postgres/queryable.js'
import { type ArchiveFile, writeArchive } from './archive-file.js'
import type { AuditMonth, Partition } from './months.js'
import { archivedRow } from './restore-test.js'
import { SETTINGS, verifyArchive } from './verify-archive.js'

export interface Archive extends ArchiveFile {
  readonly id: string
  readonly table: string
}

export interface ArchiveTarget {
  readonly folder: string
  /** Told how many rows were written since it was told last. */
  readonly onProgress: (rows: number) => void
  readonly signal: AbortSignal | undefined
}

const FETCHED = 1_000

/** Writes each table of a month to a file, reads it back, and writes down that it is there. Tables without rows have no file. */
export async function archiveMonth(client: Queryable, month: AuditMonth, target: ArchiveTarget): Promise<Archive[]> {
  const archives: Archive[] = []
  for (const partition of month.partitions) {
    target.signal?.throwIfAborted()
    const file = await inSnapshot(client, () => writeRows(client, month, partition, target))
    if (file === undefined) continue
    const { table } = partition
    const id = await writeDown(client, month, table, file)
    const { problems } = await verifyArchive(client, file.place)
    if (problems.length > 0) {
      throw new ConfigurationError(
        `${file.place}: expected to read what was written to it, found that ${problems[0]}; nothing was dropped`,
      )
    }
    archives.push({ ...file, id, table })
  }
  return archives
}

async function writeRows(client: Queryable, month: AuditMonth, partition: Partition, target: ArchiveTarget) {
  await client.query(SETTINGS)
  const { rows } = await client.query(`SELECT EXISTS (SELECT FROM waxseal.${partition.partition}) AS any`)
  if (rows[0]!['any'] !== true) return undefined
  const name = `${partition.table}_${month.name.replace('-', '')}`
  return writeArchive(target.folder, name, linesOf(client, partition, target))
}

/** By a cursor of the server, so that memory stays flat on both sides; by the primary key, so that the same rows are the same file. */
async function* linesOf(client: Queryable, { partition, key }: Partition, { onProgress, signal }: ArchiveTarget) {
  await client.query(
    `DECLARE archived NO SCROLL CURSOR FOR SELECT ${archivedRow('r')} AS line FROM waxseal.${partition} r ORDER BY ${key.map((column) => `r.${column}`).join(', ')}`,
  )
  for (;;) {
    signal?.throwIfAborted()
    const { rows } = await client.query(`FETCH ${FETCHED} FROM archived`)
    for (const { line } of rows) yield line as string
    if (rows.length > 0) onProgress(rows.length)
    if (rows.length < FETCHED) return
  }
}

/** Once, however often it is tried: the same rows are the same digest. */
async function writeDown(client: Queryable, month: AuditMonth, table: string, file: ArchiveFile): Promise<string> {
  const key = [table, month.from, Buffer.from(file.sha256, 'hex')]
  await client.query(
    `INSERT INTO waxseal.audit_archive (id, table_name, month, rows, sha256, place)
    VALUES ($4, $1, ($2::timestamptz AT TIME ZONE 'UTC')::date, $5, $3, $6) ON CONFLICT (table_name, month, sha256) DO NOTHING`,
    [...key, uuidV7(Date.now()), file.rows, file.place],
  )
  const { rows } = await client.query(
    `SELECT id, place FROM waxseal.audit_archive
    WHERE table_name = $1 AND month = ($2::timestamptz AT TIME ZONE 'UTC')::date AND sha256 = $3`,
    key,
  )
  const { id, place } = rows[0] as { id: string; place: string }
  if (place === file.place) return id
  throw new ConfigurationError(
    `${file.place}: these rows were archived already, as ${place}; name that folder, so that there is one place to look`,
  )
}
