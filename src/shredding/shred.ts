import { randomUUID } from 'node:crypto'
import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import { ConfigurationError } from '../errors.js'
import { assertOptions, hasMethods, isObject, isText, type OptionRules, wholeNumberFrom } from '../kms/options.js'
import { isDuration, secondsOf } from '../lifecycle/duration.js'
import { assertSchema } from '../lifecycle/schema.js'
import { assertGuard } from '../postgres/guard-check.js'
import { type ProtectedTable, qualifiedName } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { readReceipt } from './read-receipts.js'
import type { ShredReceipt } from './receipt.js'
import { type ShredFailure, shredRows } from './shred-rows.js'
import { type ShredTarget, type TargetedTable, targetedTables } from './shred-target.js'
import { tryDecryption } from './try-decryption.js'

export interface ResumeShredOptions {
  /** All protected tables of the application. */
  readonly tables: readonly ProtectedTable[]
  /** Tries to open what was shredded, and forgets the data keys. No KMS is asked. */
  readonly cipher: Pick<EnvelopeCipher, 'open' | 'forget'>
  /** Rows per transaction, 300 unless said otherwise. */
  readonly batchSize?: number
  /** Ends the run between two batches; it can be resumed. */
  readonly signal?: AbortSignal
  /** Called when the receipt is begun, and after each batch. */
  readonly onProgress?: (progress: ShredProgress) => void
}

export interface ShredProgress {
  /** The id of the receipt: what `resumeShred` needs to go on. */
  readonly receipt: string
  /** Shredded by this run so far. */
  readonly rows: number
}

export interface ShredOptions extends ResumeShredOptions {
  /** A row, all rows with a value of a context pair, or all of an entity. */
  readonly target: ShredTarget
  /** Why, for the receipt. */
  readonly reason: string
  /** Where it was asked for, for the receipt. */
  readonly ticket?: string
  /** Who shreds, for the receipt, which also holds the database's user. */
  readonly who: string
  /** How long backups and archived WAL are kept, such as `35d`, or `none` where there are none. They still hold the wrapped data keys. */
  readonly backupsKept: string
  /** The longest `maxAgeMs` of a cipher's cache in a process that is not told to forget, default `5m`. */
  readonly cachesKept?: string
}

const RESUME_OPTIONS: OptionRules<ResumeShredOptions> = {
  tables: [Array.isArray, 'be a list of protected tables'],
  cipher: [(value) => hasMethods(value, ['open', 'forget']), 'be an EnvelopeCipher'],
  batchSize: wholeNumberFrom(1),
  signal: [isObject, 'be an AbortSignal'],
  onProgress: [(value) => typeof value === 'function', 'be a function'],
}

const OPTIONS: OptionRules<ShredOptions> = {
  ...RESUME_OPTIONS,
  target: [isObject, 'be { kind: "row" | "context" | "entity", … }'],
  reason: [isText, 'be a text that is not empty'],
  ticket: [isText, 'be a text that is not empty'],
  who: [isText, 'be a text that is not empty'],
  backupsKept: [(value) => value === 'none' || isDuration(value), 'be a duration such as 35d, or "none"'],
  cachesKept: [isDuration, 'be a duration such as 5m'],
}

export interface ShredReport {
  readonly receipt: ShredReceipt
  /** Rows that the database refused to change, or that opened afterwards. The receipt stays running then. */
  readonly failures: readonly ShredFailure[]
}

/**
 * Takes the wrapped data keys of credentials away for good, so that their fields can never be read again from this database, and
 * writes a receipt. Field columns stay as they are. What still holds a copy, and until when, is in the receipt.
 *
 * `client` is one connection, not a pool, and in no transaction. A run that was cut off goes on with `resumeShred`.
 */
export async function shred(client: Queryable, options: ShredOptions): Promise<ShredReport> {
  assertOptions('shred', options, OPTIONS)
  const { target, tables, reason, ticket, who, backupsKept, cachesKept = '5m' } = options
  const targeted = targetedTables(target, tables)
  await assertReady(client, targeted)
  const receipt = randomUUID()
  const kept = [secondsOf(cachesKept), backupsKept === 'none' ? 0 : secondsOf(backupsKept)]
  const names = targeted.map(({ table: { entity, schema, table } }) => ({ entity, schema, table }))
  await client.query(
    `INSERT INTO waxseal.shred_receipt (id, target, tables, reason, ticket, who, caches_kept, backups_kept)
     VALUES ($1, $2, $3, $4, $5, $6, make_interval(secs => $7), make_interval(secs => $8))`,
    [receipt, JSON.stringify(target), JSON.stringify(names), reason, ticket ?? null, who, ...kept],
  )
  return goOn(client, receipt, targeted, options)
}

/** Goes on with what a receipt was begun for. A row that it has is left alone, whatever was saved in it since. */
export async function resumeShred(
  client: Queryable,
  receipt: string,
  options: ResumeShredOptions,
): Promise<ShredReport> {
  assertOptions('resumeShred', options, RESUME_OPTIONS)
  await assertSchema(client)
  const { target, status } = await readReceipt(client, receipt)
  if (status !== 'running')
    throw new ConfigurationError(`receipt ${receipt}: expected a run that was cut off, it has ended`)
  const targeted = targetedTables(target, options.tables)
  await assertReady(client, targeted)
  return goOn(client, receipt, targeted, options)
}

/** The guard is what keeps a shredded envelope shredded. */
async function assertReady(client: Queryable, targeted: readonly TargetedTable[]): Promise<void> {
  // A pool would give each statement another connection, and rows would be shredded without their receipt.
  if ('totalCount' in client)
    throw new ConfigurationError('shred: expected one connection, found a pool; pass a client of it')
  await assertSchema(client)
  for (const { table } of targeted) {
    await assertGuard(client, table)
    await assertAdopted(client, table)
  }
}

/** Until the end of an adoption, the columns that it began with may hold what was shredded, as it was. */
async function assertAdopted(client: Queryable, table: ProtectedTable): Promise<void> {
  const name = qualifiedName(table)
  const text = 'SELECT FROM waxseal.adoption WHERE table_name = $1 AND cleaned_at IS NULL'
  if ((await client.query(text, [name])).rows.length === 0) return
  throw new ConfigurationError(
    `table ${name}: its adoption has not ended, and its former columns may hold plaintext; run "waxseal adopt clean" first, or delete the rows`,
  )
}

async function goOn(
  client: Queryable,
  receipt: string,
  targeted: readonly TargetedTable[],
  { cipher, batchSize = 300, signal, onProgress }: ResumeShredOptions,
): Promise<ShredReport> {
  const failures: ShredFailure[] = []
  let rows = 0
  onProgress?.({ receipt, rows })
  for (const each of targeted) {
    let after: Readonly<Record<string, string>> | undefined
    for (;;) {
      signal?.throwIfAborted()
      const batch = await shredRows(client, receipt, each, after, batchSize)
      failures.push(...batch.failures)
      for (const envelope of batch.envelopes) cipher.forget(envelope)
      rows += batch.envelopes.length
      if (!batch.last) break
      after = batch.last.primaryKey
      onProgress?.({ receipt, rows })
    }
  }
  let tried = 0
  for (const { table } of targeted) {
    const trial = await tryDecryption(client, receipt, table, cipher)
    tried += trial.tried
    failures.push(...trial.opened)
  }
  if (failures.length === 0) {
    await client.query('INSERT INTO waxseal.shred_end (receipt, tried) VALUES ($1, $2)', [receipt, tried])
  }
  return { receipt: await readReceipt(client, receipt), failures }
}
