import { ConfigurationError } from '../../errors.js'
import { inTransaction } from '../../postgres/in-transaction.js'
import type { Queryable } from '../../postgres/queryable.js'
import { recordReview } from '../review/record-review.js'
import type { Archive } from './archive-month.js'
import type { AuditMonth } from './months.js'
import { objectionsTo } from './objections.js'

/**
 * Takes the tables of a month away, all or none. Once nothing can be written into them any more, it asks again what speaks against
 * it, and whether the archives hold every row: a hold may have been placed since, and a late event may have come.
 */
export async function dropMonth(client: Queryable, month: AuditMonth, archives: readonly Archive[]): Promise<void> {
  await inTransaction(client, async () => {
    // Detaching waits for everybody who works with the table, and everybody else waits behind it: better to try another time.
    await client.query(`SET LOCAL lock_timeout = '10s'`)
    await client.query('LOCK TABLE waxseal.legal_hold, waxseal.legal_hold_lifted IN SHARE MODE')
    // Of this month alone: today's calls go on while its rows are looked at.
    for (const { partition } of month.partitions) await client.query(`LOCK TABLE waxseal.${partition} IN SHARE MODE`)
    const [objection] = await objectionsTo(client, month)
    if (objection !== undefined) throw refused(month, objection)
    for (const { table, partition } of month.partitions) {
      const { rows } = await client.query(`SELECT count(*)::float8 AS rows FROM waxseal.${partition}`)
      const archived = archives.find((archive) => archive.table === table)?.rows ?? 0
      if (rows[0]!['rows'] !== archived) throw refused(month, `rows of ${table} came after they were archived`)
    }
    for (const { table, partition } of month.partitions) {
      await client.query(
        `ALTER TABLE waxseal.${table} DETACH PARTITION waxseal.${partition}; DROP TABLE waxseal.${partition}`,
      )
    }
    for (const { id } of archives) await client.query('INSERT INTO waxseal.audit_purge (archive) VALUES ($1)', [id])
    await recordReview(client, 'retain', {
      month: month.name,
      archives: archives.map(({ id, rows }) => ({ id, rows })),
    })
  })
}

function refused({ name }: AuditMonth, objection: string): ConfigurationError {
  return new ConfigurationError(
    `${name}: expected a month that may go, found that ${objection}; nothing of it was dropped`,
  )
}
