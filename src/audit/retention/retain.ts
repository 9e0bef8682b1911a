import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { ConfigurationError } from '../../errors.js'
import { oneAtATime } from '../../postgres/one-at-a-time.js'
import type { Queryable } from '../../postgres/queryable.js'
import { type Archive, type ArchiveTarget, archiveMonth } from './archive-month.js'
import { dropMonth } from './drop-month.js'
import { type AuditMonth, listMonths } from './months.js'
import { holdsOver, objectionsTo } from './objections.js'
import { type RetentionDeclaration, retentionPeriods } from './periods.js'

export interface RetainOptions extends RetentionDeclaration {
  /** Where archives are written. Undefined: nothing is changed, and what would happen is said. */
  readonly folder?: string
  /** Default: the clock of the process. */
  readonly now?: Date
  /** Told how many rows were archived since it was told last. Default: nobody is told. */
  readonly onProgress?: (rows: number) => void
  /** Ends it before the next table; the one at hand leaves no file. Default: nothing does. */
  readonly signal?: AbortSignal
}

export interface RetainedMonth {
  readonly month: string
  /** `due`: it would be archived and dropped. */
  readonly state: 'dropped' | 'due' | 'kept'
  /** Why it is kept. */
  readonly objections: readonly string[]
  readonly archives: readonly Archive[]
}

export interface Retained {
  /** Those whose time in the database is over. */
  readonly months: readonly RetainedMonth[]
  /** Archives that need not be kept any longer. Nobody but you deletes them. */
  readonly expired: readonly { readonly month: string; readonly place: string }[]
}

/**
 * Archives the months whose time in the database is over, and drops them. For the owner of the tables, who alone can. `client` is
 * one connection, in no transaction.
 */
export async function retainAudit(client: Queryable, settings: RetainOptions = {}): Promise<Retained> {
  const { folder, now = new Date(), onProgress = () => undefined, signal, hot, total } = settings
  const periods = retentionPeriods({ hot, total })
  const dueTo = new Date(now.getTime() - periods.hot)
  // Relative, the place of an archive would be known only to who remembers where the command ran.
  const target = folder === undefined ? undefined : { folder: resolve(folder), onProgress, signal }
  const months = target
    ? await oneAtATime(client, 'waxseal retain', () => retainMonths(client, dueTo, target))
    : await retainMonths(client, dueTo)
  if (months) return { months, expired: await expiredBefore(client, new Date(now.getTime() - periods.total)) }
  throw new ConfigurationError(
    'retention: another run is at work on this database; run it again when that one has ended',
  )
}

async function retainMonths(client: Queryable, dueTo: Date, target?: ArchiveTarget): Promise<RetainedMonth[]> {
  const due = (await listMonths(client)).filter(({ to }) => to <= dueTo)
  if (target && due.length > 0) await mkdir(target.folder, { recursive: true, mode: 0o700 })
  const months: RetainedMonth[] = []
  for (const month of due) months.push(await retainMonth(client, month, target))
  return months
}

async function retainMonth(
  client: Queryable,
  month: AuditMonth,
  target: ArchiveTarget | undefined,
): Promise<RetainedMonth> {
  const objections = await objectionsTo(client, month)
  const found = { month: month.name, objections, archives: [] }
  if (objections.length > 0) return { ...found, state: 'kept' }
  if (!target) return { ...found, state: 'due' }
  const archives = await archiveMonth(client, month, target)
  await dropMonth(client, month, archives)
  return { ...found, state: 'dropped', archives }
}

async function expiredBefore(client: Queryable, end: Date): Promise<Retained['expired']> {
  const { rows } = await client.query(
    `SELECT to_char(month, 'YYYY-MM') AS month, place, month::timestamp AT TIME ZONE 'UTC' AS "from",
      (month + interval '1 month') AT TIME ZONE 'UTC' AS "to"
    FROM waxseal.audit_archive a JOIN waxseal.audit_purge p ON p.archive = a.id
    WHERE (month + interval '1 month') AT TIME ZONE 'UTC' <= $1 ORDER BY month, place`,
    [end],
  )
  const expired: { month: string; place: string }[] = []
  for (const { month, place, from, to } of rows as unknown as {
    month: string
    place: string
    from: Date
    to: Date
  }[]) {
    if ((await holdsOver(client, { from, to })).length === 0) expired.push({ month, place })
  }
  return expired
}
