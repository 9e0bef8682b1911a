export type GuardFindingCode =
  | 'TABLE_MISSING'
  | 'TABLE_NOT_ORDINARY'
  | 'METADATA_COLUMN'
  | 'FIELD_COLUMN'
  | 'BOUND_COLUMN'
  | 'GUARD_MISSING'
  | 'GUARD_NOT_ALWAYS'
  | 'GUARD_OUTDATED'
  | 'GUARD_OTHER_NAMES'
  | 'GUARD_OF_ADOPTION'
  | 'GUARD_INDEX_MISSING'
  | 'GUARD_SET_INDEX_MISSING'

/** Something about a protected table that has to be mended, and how. Names of columns and logical names, no values. */
export interface GuardFinding {
  readonly code: GuardFindingCode
  readonly message: string
  readonly remedy: string
}
