export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical'

/** What the records of a day give. */
export const dayFindingKinds = [
  ...(['unaccounted', 'missing', 'conflict', 'replay', 'surplus', 'ambiguous', 'superseded-envelope'] as const),
  ...(['logging-changed', 'key-changed', 'unknown-principal', 'clock-skew', 'content-changed'] as const),
] as const

/** And what the state of a source gives. */
export const findingKinds = [...dayFindingKinds, 'quarantined', 'source-blind'] as const

export type FindingKind = (typeof findingKinds)[number]

/** What a reviewer has to look at. The same records give the same findings, so each is stored once. */
export interface Finding {
  readonly kind: FindingKind
  readonly severity: Severity
  /** What it is about, unique for its kind in its scope. */
  readonly subject: string
  readonly occurredAt: number
  readonly event?: string
  readonly attempt?: string
  readonly kekId?: string
  readonly principal?: string
  readonly detail: Readonly<Record<string, string | number>>
}
