import { failed, passed, type RetirementCheck } from '../../census/check.js'
import type { KekRef } from '../../kms/provider.js'
import type { Queryable } from '../../postgres/queryable.js'
import type { OperationClass } from '../trail/audit-event.js'
import type { ProviderTrail } from '../trail/provider-trail.js'
import { coverageOf } from './coverage.js'
import { readMirrorStatus, type SourceStatus } from './mirror-status.js'
import { registeredSources } from './trail-source.js'

export interface TrailUseOptions {
  /** Of the KEK's provider; undefined where it has none. */
  readonly trail: Pick<ProviderTrail, 'scopeOf' | 'kekIdOf'> | undefined
  /** For how long there must have been no use. */
  readonly unusedForSeconds: number
}

/** Delivered by then, unless the trail is failing, which is a gap. */
const ARRIVED_AFTER_MS = 3_600_000
/** They need no key material. */
const HARMLESS: readonly OperationClass[] = [
  ...(['read', 'policy', 'logging', 'authentication', 'random', 'key-create', 'key-enable', 'key-disable'] as const),
  ...(['key-rotate', 'key-delete', 'key-restore', 'key-update'] as const),
]

/**
 * Whether the mirrored trail shows no use of a KEK, whoever it was. Absence is evidence only where the whole time is covered;
 * a use of which the trail does not name the version may be one of this.
 */
export async function usesInTrail(
  client: Queryable,
  kek: KekRef,
  { trail, unusedForSeconds }: TrailUseOptions,
): Promise<RetirementCheck> {
  const scope = trail?.scopeOf(kek)
  const isOfKek = (source: { readonly provider: string; readonly scope: string }) =>
    source.provider === kek.provider && (scope === undefined || source.scope === scope)
  const sources = trail ? (await registeredSources(client)).filter(isOfKek) : []
  if (!trail || sources.length === 0) return failed('trail', 'no audit trail of it is mirrored: waxseal audit mirror')
  const window = await windowOf(client, unusedForSeconds)
  const { gaps } = await coverageOf(
    client,
    sources.map(({ id }) => id),
    window,
  )
  const problems = [
    ...gaps.map(({ from, to }) => `not covered: ${from.toISOString()} – ${to.toISOString()}`),
    ...(await readMirrorStatus(client)).filter(isOfKek).flatMap(postureProblems),
    ...(await usesOf(client, kek, trail.kekIdOf(kek), window.from)),
  ]
  if (problems.length > 0) return failed('trail', ...problems)
  return passed('trail', `none from ${window.from.toISOString()} to ${window.to.toISOString()}`)
}

async function windowOf(client: Queryable, seconds: number): Promise<{ readonly from: Date; readonly to: Date }> {
  const { rows } = await client.query('SELECT clock_timestamp() AS now')
  const now = (rows[0]!['now'] as Date).getTime()
  return { from: new Date(now - seconds * 1_000), to: new Date(now - ARRIVED_AFTER_MS) }
}

function postureProblems({ provider, reader, scope, posture }: SourceStatus): string[] {
  if (posture?.ok) return []
  return [`${provider} ${reader} ${scope}: it is not known whether the trail is complete; waxseal audit status`]
}

async function usesOf(client: Queryable, kek: KekRef, kekId: string, from: Date): Promise<string[]> {
  const { rows } = await client.query(
    `SELECT count(*)::int AS uses, max(event_time) AS last, kek_version IS NULL AS "isUnknown"
    FROM waxseal.audit_event
    WHERE provider = $1 AND (kek_id = $2 OR source_kek_id = $2) AND (kek_version = $3 OR kek_version IS NULL OR source_kek_id = $2)
      AND event_time >= $4 AND NOT operation_class = ANY ($5)
    GROUP BY kek_version IS NULL ORDER BY 3`,
    [kek.provider, kekId, kek.version, from.toISOString(), HARMLESS],
  )
  return rows.map(({ uses, last, isUnknown }) => {
    const what = isUnknown ? 'of a version that the trail does not name' : 'of it'
    return `${uses} ${uses === 1 ? 'use' : 'uses'} ${what}, the last at ${(last as Date).toISOString()}`
  })
}
