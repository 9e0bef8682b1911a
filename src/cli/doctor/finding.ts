import type { AccessFindingCode } from '../../kms/access.js'
import type { GuardFindingCode } from '../../postgres/index.js'

/** An error is to be mended before the next write; a warning weakens what the README promises; a note is for knowing. */
export type Level = 'error' | 'warning' | 'note'

/** Every code of `waxseal doctor`; `docs/doctor.md` explains each. Codes of the guard's own check keep their names. */
export const LEVELS = {
  NODE_END_OF_LIFE: 'warning',
  LEDGER_REFUSED: 'error',
  JOURNAL_SET_ASIDE: 'warning',
  KEK_REACHABLE: 'note',
  KEK_UNREACHABLE: 'error',
  KEK_VERSION_UNKNOWN: 'warning',
  RECIPIENT_WRAP_ONLY: 'note',
  ACCESS_AS_NEEDED: 'note',
  ACCESS_MISSING: 'error',
  ACCESS_EXCESSIVE: 'warning',
  ACCESS_UNPROVEN: 'note',
  KEK_UNSUITABLE: 'error',
  KEK_NOT_ROTATED: 'warning',
  WRAPS_UNSIGNED: 'warning',
  ENVIRONMENT_DIFFERS: 'error',
  ENVIRONMENT_UNTAGGED: 'warning',
  ENVIRONMENT_NOT_APPLICABLE: 'note',
  SUBSCRIBER_MISSING: 'error',
  GUARD_UNCHECKED: 'warning',
  GUARD_AUTOMATIC: 'note',
  MODE_NOT_ENFORCE: 'warning',
  TYPEORM_LOGS_PARAMETERS: 'warning',
  DATABASE_UNREACHABLE: 'error',
  TABLE_MISSING: 'error',
  TABLE_NOT_ORDINARY: 'error',
  METADATA_COLUMN: 'error',
  FIELD_COLUMN: 'error',
  BOUND_COLUMN: 'error',
  GUARD_MISSING: 'error',
  GUARD_NOT_ALWAYS: 'error',
  GUARD_OUTDATED: 'error',
  GUARD_OTHER_NAMES: 'error',
  GUARD_OF_ADOPTION: 'warning',
  GUARD_INDEX_MISSING: 'error',
  GUARD_SET_INDEX_MISSING: 'error',
  ROW_NOT_BOUND: 'warning',
  ROWS_PLAINTEXT: 'error',
  ROWS_LEGACY: 'error',
  ROWS_UNDECODABLE: 'error',
  ROWS_FOREIGN: 'error',
  METADATA_UNDECODABLE: 'error',
  ROWS_NOT_COUNTED: 'warning',
  SERVER_LOGS_STATEMENTS: 'warning',
  SERVER_LOGS_PARAMETERS: 'warning',
  SERVER_LOGS_PARAMETERS_ON_ERROR: 'warning',
  SERVER_LOGS_REFUSED: 'note',
} satisfies Record<GuardFindingCode | AccessFindingCode, Level> & Record<string, Level>

export type FindingCode = keyof typeof LEVELS

/** Something that `doctor` saw. Names, counts and settings; never a value of a row. */
export interface Finding {
  readonly code: FindingCode
  readonly level: Level
  readonly message: string
  readonly remedy: string
}

export function finding(code: FindingCode, message: string, remedy: string): Finding {
  return { code, level: LEVELS[code], message, remedy }
}

/** What one family of checks had to say. */
export interface Section {
  readonly name: string
  /** A fact that is worth a word although nothing is wrong with it. */
  readonly summary?: string
  readonly findings: readonly Finding[]
}
