import { createHash } from 'node:crypto'
import type { WrappedMetadata } from '../envelope/metadata.js'
import { metadataFromJson, metadataToJson } from '../envelope/metadata-codec.js'
import { inTransaction } from '../postgres/in-transaction.js'
import { type ProtectedTable, qualifiedName, quoteIdentifier } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { concernsRows } from '../postgres/store-by-halves.js'
import { PARAMETER_TYPES, type StoredRow, storedRowColumns, storedRowOf } from '../postgres/stored-row.js'
import { keyOf, swapTogether } from '../postgres/swap-metadata.js'
import { announceForgotten } from './announce-forgotten.js'
import type { TargetedTable } from './shred-target.js'

export interface ShredFailure {
  readonly entity: string
  readonly primaryKey: Readonly<Record<string, string>>
  readonly error: unknown
}

export interface ShreddedBatch {
  /** Behind which the next batch begins; undefined when there is none. */
  readonly last: StoredRow | undefined
  /** The ids of the envelopes whose wraps are gone. */
  readonly envelopes: readonly string[]
  readonly failures: readonly ShredFailure[]
}

/**
 * Shreds the next rows behind `after` in one transaction, which also writes them into the receipt, purges their old wraps
 * from the journal of a rotation and announces that their data keys are to be forgotten. No KMS is asked, so the rows are locked:
 * whoever writes one of them at the same time comes before, and loses what it wrote, or after, and meets the guard.
 */
export async function shredRows(
  client: Queryable,
  receipt: string,
  targeted: TargetedTable,
  after: Readonly<Record<string, string>> | undefined,
  limit: number,
): Promise<ShreddedBatch> {
  const { table } = targeted
  let rows: readonly StoredRow[] = []
  try {
    return await inTransaction(client, async () => {
      // One at a time: of two that resume a receipt, the second would not see what the first has just written into it.
      await client.query('SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))', [receipt])
      rows = await lockRows(client, targeted, after, limit)
      const due = await without(client, receipt, table, rows)
      const shredded = due.flatMap((row) => shreddedOf(row, receipt) ?? [])
      const stored = new Set((await swapTogether(client, table, shredded)).map(keyOf))
      const done = shredded.filter(({ row }) => stored.has(keyOf(row)))
      const envelopes = done.map(({ metadata }) => metadata.id)
      await writeRows(client, receipt, table, done)
      await client.query('DELETE FROM waxseal.rewrap_journal WHERE envelope = ANY ($1)', [envelopes])
      await announceForgotten(client, envelopes)
      const kept = due.filter((row) => !stored.has(keyOf(row)))
      return { last: rows.at(-1), envelopes, failures: kept.map((row) => failure(table, row, KEPT)) }
    })
  } catch (error) {
    if (!concernsRows(error)) throw error
    // Until the row that the database refuses stands alone.
    if (limit > 1) return shredRows(client, receipt, targeted, after, Math.max(1, (rows.length || limit) >> 1))
    if (!rows[0]) throw error
    return { last: rows[0], envelopes: [], failures: [failure(table, rows[0], error)] }
  }
}

const KEPT = new Error('the metadata is not of format 1, or a trigger of the table kept it as it was')

interface Shredded {
  readonly row: StoredRow
  readonly metadata: WrappedMetadata
  readonly next: string
}

/** Undefined for metadata that is not of format 1: nobody can say what its envelope was. */
function shreddedOf(row: StoredRow, receipt: string): Shredded | undefined {
  try {
    const metadata = metadataFromJson(JSON.parse(row.metadata)) as WrappedMetadata
    const { id, commitment } = metadata
    return { row, metadata, next: JSON.stringify(metadataToJson({ state: 'shredded', id, commitment, receipt })) }
  } catch {
    return undefined
  }
}

async function lockRows(
  client: Queryable,
  { table, where, values }: TargetedTable,
  after: Readonly<Record<string, string>> | undefined,
  limit: number,
): Promise<StoredRow[]> {
  const keys = table.primaryKey.map(({ column }) => `stored.${quoteIdentifier(column)}`).join(', ')
  const n = values.length
  const start = table.primaryKey.map(({ type }, index) => `$${n + 2 + index}::${PARAMETER_TYPES[type]}`)
  const text = `SELECT ${storedRowColumns(table)} FROM ${qualifiedName(table)} AS stored
    WHERE ${where} AND stored.${quoteIdentifier(table.metadata)} -> 'wraps' IS NOT NULL
      ${after ? `AND (${keys}) > (${start.join(', ')})` : ''}
    ORDER BY ${keys} LIMIT $${n + 1} FOR UPDATE OF stored`
  const from = after ? table.primaryKey.map(({ column }) => after[column]) : []
  const { rows } = await client.query(text, [...values, limit, ...from])
  return rows.map((row) => storedRowOf(table, row))
}

/**
 * Rows that the receipt does not have: a secret that was saved after its row was shredded stays. Not a condition of the
 * query above: without statistics the planner would read all that the receipt has for each row.
 */
async function without(
  client: Queryable,
  receipt: string,
  { entity }: ProtectedTable,
  rows: readonly StoredRow[],
): Promise<StoredRow[]> {
  const keys = rows.map(({ primaryKey }) => JSON.stringify(primaryKey))
  const { rows: found } = await client.query(
    `SELECT place FROM unnest($3::jsonb[]) WITH ORDINALITY AS locked (key, place)
     JOIN waxseal.shredded_row ON receipt = $1 AND entity = $2 AND primary_key = locked.key`,
    [receipt, entity, keys],
  )
  const had = new Set(found.map(({ place }) => Number(place) - 1))
  return rows.filter((_, index) => !had.has(index))
}

async function writeRows(
  client: Queryable,
  receipt: string,
  table: ProtectedTable,
  shredded: readonly Shredded[],
): Promise<void> {
  const rows = shredded.map(({ row, metadata }) => ({
    primary_key: row.primaryKey,
    envelope: metadata.id,
    wraps: metadata.wraps.map(({ kek, dataKey }) => ({ kek, sha256: digestOf(dataKey) })),
  }))
  await client.query(
    `INSERT INTO waxseal.shredded_row (receipt, entity, primary_key, envelope, wraps)
     SELECT $1, $2, primary_key, envelope, wraps
     FROM jsonb_to_recordset($3) AS shredded (primary_key jsonb, envelope text, wraps jsonb)`,
    [receipt, table.entity, JSON.stringify(rows)],
  )
}

/** Of the wrapped data key's bytes: tells whether a copy that turns up is one of those that were removed. */
function digestOf(dataKey: string): string {
  return createHash('sha256').update(dataKey, 'base64url').digest('hex')
}

function failure({ entity }: ProtectedTable, { primaryKey }: StoredRow, error: unknown): ShredFailure {
  return { entity, primaryKey, error }
}
