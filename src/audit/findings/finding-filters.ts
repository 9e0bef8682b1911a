import type { FindingKind, Severity } from '../reconciliation/finding.js'

/** All of it must hold. */
export interface FindingFilters {
  /** Of findings. One that there is not is refused. */
  readonly ids?: readonly string[]
  readonly kind?: FindingKind
  readonly severity?: Severity
  readonly provider?: string
  /** The id of a KEK. */
  readonly key?: string
  /** As the trail names who did it. */
  readonly principal?: string
  /** When it happened, inclusive. */
  readonly from?: Date
  /** Exclusive. */
  readonly to?: Date
}

/** Of `waxseal.finding f`, by the values of `filterValues`. */
export const FILTERED = `($1::uuid[] IS NULL OR f.id = ANY ($1)) AND ($2::text IS NULL OR f.kind = $2)
      AND ($3::text IS NULL OR f.severity = $3) AND ($4::text IS NULL OR f.provider = $4)
      AND ($5::text IS NULL OR f.kek_id = $5) AND ($6::text IS NULL OR f.principal = $6)
      AND ($7::timestamptz IS NULL OR f.occurred_at >= $7) AND ($8::timestamptz IS NULL OR f.occurred_at < $8)`

export function filterValues({ ids, kind, severity, provider, key, principal, from, to }: FindingFilters): unknown[] {
  return [ids, kind, severity, provider, key, principal, from, to].map((value) => value ?? null)
}
