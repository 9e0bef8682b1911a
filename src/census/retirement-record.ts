import type { KekRef } from '../kms/provider.js'
import { isDuration, secondsOf } from '../lifecycle/duration.js'
import type { Queryable } from '../postgres/queryable.js'
import { failed, passed, type RetirementCheck } from './check.js'

/**
 * Whether the last backup that may need the KEK has expired. Those of before the first census that found none, after the last that
 * found some, may; that census is the first `waxseal retire` that was written down, so it is run once when the rotation is
 * done, and again when the time is over.
 */
export async function checkBackups(client: Queryable, kek: KekRef, kept: string | undefined): Promise<RetirementCheck> {
  if (kept === undefined || !(kept === 'none' || isDuration(kept))) {
    return failed('backups', 'how long backups and archived WAL are kept is not known: --backups-kept 35d, or none')
  }
  if (kept === 'none') return passed('backups', 'there are none')
  const { rows } = await client.query(
    `SELECT until::text, until <= now() AS over, since::text FROM (
      SELECT since, since + $4::bigint * interval '1 second' AS until FROM (
        SELECT coalesce(min(decided_at), now()) AS since FROM waxseal.retirement
          WHERE (provider, kek, version) = ($1, $2, $3) AND rows = 0 AND id > coalesce((
            SELECT max(id) FROM waxseal.retirement WHERE (provider, kek, version) = ($1, $2, $3) AND rows > 0
          ), 0)
      ) AS first_without
    ) AS horizon`,
    [kek.provider, kek.id, kek.version, secondsOf(kept)],
  )
  const { until, over, since } = rows[0] as { until: string; over: boolean; since: string }
  if (over) return passed('backups', `no row needed it since ${since}, and backups are kept for ${kept}`)
  return failed('backups', `backups of before ${since} may need it, until ${until}; run this again then`)
}

/** The decision, with all that it rests on. `rows` is what the census found. */
export async function recordRetirement(
  client: Queryable,
  kek: KekRef,
  decision: {
    readonly rows: number
    readonly ready: boolean
    readonly checks: readonly RetirementCheck[]
    readonly by: string
  },
): Promise<void> {
  await client.query(
    `INSERT INTO waxseal.retirement (provider, kek, version, rows, ready, checks, decided_by)
      VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [kek.provider, kek.id, kek.version, decision.rows, decision.ready, JSON.stringify(decision.checks), decision.by],
  )
}
