import { ConfigurationError } from '../errors.js'
import type { KekRef } from '../kms/provider.js'
import type { Queryable } from '../postgres/queryable.js'
import { type EndedRun, heldCopies } from './held-copies.js'
import type { ShreddedRow, ShredReceipt } from './receipt.js'
import type { ShredTarget } from './shred-target.js'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** A receipt, with what still holds copies by now. Rejects with `ConfigurationError` when there is none. */
export async function readReceipt(client: Queryable, id: string): Promise<ShredReceipt> {
  const { rows } = UUID.test(id) ? await client.query(`${RECEIPTS} WHERE receipt.id = $1`, [id]) : { rows: [] }
  if (!rows[0]) throw new ConfigurationError('expected the id of a receipt, found none of that id')
  return receiptOf(client, rows[0] as unknown as ReceiptRow)
}

/** All receipts, the last one first. */
export async function listReceipts(client: Queryable): Promise<ShredReceipt[]> {
  const { rows } = await client.query(`${RECEIPTS} ORDER BY receipt.started_at DESC, receipt.id`)
  const receipts: ShredReceipt[] = []
  for (const row of rows) receipts.push(await receiptOf(client, row as unknown as ReceiptRow))
  return receipts
}

/** The credentials of a receipt in the order of entity and primary key, a batch at a time. */
export async function* readShreddedRows(client: Queryable, id: string): AsyncGenerator<ShreddedRow, void, undefined> {
  let after: Pick<ShreddedRow, 'entity' | 'primaryKey'> = { entity: '', primaryKey: {} }
  for (;;) {
    const { rows } = await client.query(ROWS, [id, after.entity, JSON.stringify(after.primaryKey), BATCH])
    const batch = rows as unknown as ShreddedRow[]
    yield* batch
    if (batch.length < BATCH) return
    after = batch.at(-1)!
  }
}

const BATCH = 500

/** As JSON has it, so that a program reads it the same from the database and from `--json`. */
const instant = (value: string) => `to_char((${value}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

const RECEIPTS = `SELECT receipt.id, target, tables, reason, ticket, who, database_user AS "databaseUser",
    ${instant('started_at')} AS "startedAt", ${instant('ended_at')} AS "endedAt", tried::text AS tried, lsn::text AS lsn,
    ${instant('ended_at + caches_kept')} AS "cachesUntil", ${instant('ended_at + backups_kept')} AS "backupsUntil",
    ${instant('now()')} AS now,
    (SELECT count(*)::text FROM waxseal.shredded_row WHERE shredded_row.receipt = receipt.id) AS rows
  FROM waxseal.shred_receipt AS receipt LEFT JOIN waxseal.shred_end ON shred_end.receipt = receipt.id`

const KEKS = `SELECT wrap -> 'kek' AS kek, count(*)::int AS wraps
  FROM waxseal.shredded_row, jsonb_array_elements(wraps) AS wrap WHERE receipt = $1 GROUP BY 1 ORDER BY 1`

const ROWS = `SELECT entity, primary_key AS "primaryKey", envelope, wraps,
    ${instant('shredded_at')} AS "shreddedAt"
  FROM waxseal.shredded_row WHERE receipt = $1 AND (entity, primary_key) > ($2, $3::jsonb) ORDER BY entity, primary_key LIMIT $4`

interface ReceiptRow {
  readonly id: string
  readonly target: ShredTarget
  readonly tables: ShredReceipt['tables']
  readonly reason: string
  readonly ticket: string | null
  readonly who: string
  readonly databaseUser: string
  readonly startedAt: string
  readonly endedAt: string | null
  readonly tried: string | null
  readonly lsn: string
  readonly cachesUntil: string
  readonly backupsUntil: string
  readonly now: string
  readonly rows: string
}

async function receiptOf(client: Queryable, row: ReceiptRow): Promise<ShredReceipt> {
  const { ticket, endedAt, tried, lsn: _, cachesUntil: __, backupsUntil: ___, now: ____, ...known } = row
  const { rows: keks } = await client.query(KEKS, [row.id])
  const copies = endedAt === null ? [] : await heldCopies(client, row as EndedRun)
  const isHeld = copies.some(({ state }) => state !== 'gone')
  return {
    ...known,
    rows: Number(row.rows),
    status: endedAt === null ? 'running' : isHeld ? 'pending' : 'final',
    ...(ticket !== null && { ticket }),
    ...(endedAt !== null && { endedAt, tried: Number(tried) }),
    keks: keks as unknown as readonly { readonly kek: KekRef; readonly wraps: number }[],
    copies,
  }
}
