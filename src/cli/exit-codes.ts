import type { ErrorCode } from '../errors.js'

/** What a command says by its exit code. Scripts depend on it: documented in `docs/cli.md`, never renumbered. */
export const EXIT = {
  ok: 0,
  /** The command worked, and what it checked is not as it should be. */
  findings: 1,
  /** Arguments, configuration, input or output that cannot be used. */
  usage: 2,
  /** Try again later. */
  kmsUnavailable: 3,
  /** It does not open here, or the KMS refuses. Trying again will not help. */
  refused: 4,
  /** The database cannot be reached, or refused a statement. */
  database: 5,
  /** A mistake in waxseal. */
  internal: 70,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_OF_ERROR: Record<ErrorCode, ExitCode> = {
  ERR_CONFIGURATION: EXIT.usage,
  ERR_INVALID_ENVELOPE: EXIT.refused,
  ERR_DECRYPTION_FAILED: EXIT.refused,
  ERR_KEK_NOT_ACCEPTED: EXIT.refused,
  ERR_KEK_UNAVAILABLE: EXIT.refused,
  ERR_KMS_ACCESS_DENIED: EXIT.refused,
  ERR_KMS_UNAVAILABLE: EXIT.kmsUnavailable,
  ERR_PLAINTEXT_REFUSED: EXIT.refused,
  ERR_ENVELOPE_CHANGED: EXIT.refused,
  ERR_CREDENTIAL_SHREDDED: EXIT.refused,
  ERR_AUDIT_TRAIL_GAP: EXIT.findings,
  ERR_CIPHER_CLOSED: EXIT.internal,
  ERR_LEGACY_VALUE: EXIT.refused,
  ERR_LOG_INCONSISTENT: EXIT.findings,
}
