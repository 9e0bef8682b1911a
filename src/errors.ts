import type { KekRef } from './kms/provider.js'

/** Every code that an error of this library can carry; `docs/error-codes.md` explains each. */
export type ErrorCode =
  | 'ERR_CONFIGURATION'
  | 'ERR_INVALID_ENVELOPE'
  | 'ERR_DECRYPTION_FAILED'
  | 'ERR_KEK_NOT_ACCEPTED'
  | 'ERR_KEK_UNAVAILABLE'
  | 'ERR_KMS_ACCESS_DENIED'
  | 'ERR_KMS_UNAVAILABLE'
  | 'ERR_PLAINTEXT_REFUSED'
  | 'ERR_ENVELOPE_CHANGED'
  | 'ERR_CREDENTIAL_SHREDDED'
  | 'ERR_AUDIT_TRAIL_GAP'
  | 'ERR_CIPHER_CLOSED'
  | 'ERR_LEGACY_VALUE'
  | 'ERR_LOG_INCONSISTENT'

export interface WaxsealErrorOptions {
  readonly cause?: unknown
  readonly kek?: KekRef
}

const BRAND = Symbol.for('waxseal.error')

/**
 * Base of every error that callers may want to tell apart. A subclass exists only where the caller does something
 * different. Messages name the provider and the KEK, what was expected and found, and the remedy; they never hold bytes,
 * plaintext, values of an encryption context or a vendor's response.
 */
export abstract class WaxsealError extends Error {
  abstract readonly code: ErrorCode
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean = false
  readonly kek?: KekRef

  constructor(message: string, options: WaxsealErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.name = new.target.name
    // Not enumerable: TypeORM and loggers copy own properties, and the brand is of no use there.
    Object.defineProperty(this, BRAND, { value: true })
    if (options.kek) this.kek = options.kek
  }

  /** What a logger may print. Leaves out `cause`: a vendor's error can hold a request body. */
  toJSON(): Record<string, unknown> {
    const { name, code, message, retryable, kek } = this
    return kek ? { name, code, message, retryable, kek } : { name, code, message, retryable }
  }
}

/** True for errors of this library, whichever of its builds (ESM or CommonJS) made them. */
export function isWaxsealError(error: unknown): error is WaxsealError {
  return typeof error === 'object' && error !== null && BRAND in error
}

/** An option, an entity or a database that cannot be used as it is. Fix it and start again. */
export class ConfigurationError extends WaxsealError {
  readonly code = 'ERR_CONFIGURATION'
}

/** Stored bytes that are not format 1, or a statement that would have stored such. Inspect the row. */
export class InvalidEnvelopeError extends WaxsealError {
  readonly code = 'ERR_INVALID_ENVELOPE'
}

/**
 * A ciphertext or a wrapped data key that does not open here. It never says why: whether the bytes, the row, the field,
 * the tenant or the key is wrong would tell a forger how far a forgery got.
 */
export class DecryptionError extends WaxsealError {
  readonly code = 'ERR_DECRYPTION_FAILED'

  constructor(message = 'decryption failed', options: WaxsealErrorOptions = {}) {
    super(message, options)
  }
}

/** An envelope names a KEK that is not on the configured list. Add it to `accepted`, or find out who wrote the row. */
export class KekNotAcceptedError extends WaxsealError {
  readonly code = 'ERR_KEK_NOT_ACCEPTED'
}

/** The KEK is disabled, destroyed or unknown to its KMS. Restore it; this is what revocation looks like. */
export class KekUnavailableError extends WaxsealError {
  readonly code = 'ERR_KEK_UNAVAILABLE'
}

/** The KMS knows the caller and refuses the operation. Mend the policy. */
export class KmsAccessDeniedError extends WaxsealError {
  readonly code = 'ERR_KMS_ACCESS_DENIED'
}

export type KmsUnavailableReason = 'throttled' | 'timeout' | 'network' | 'server'

export interface KmsUnavailableErrorOptions extends WaxsealErrorOptions {
  readonly reason: KmsUnavailableReason
  readonly retryAfterMs?: number
}

/** Throttled, timed out, unreachable or failing. Back off and try again. */
export class KmsUnavailableError extends WaxsealError {
  readonly code = 'ERR_KMS_UNAVAILABLE'
  override readonly retryable = true
  readonly reason: KmsUnavailableReason
  readonly retryAfterMs?: number

  constructor(message: string, options: KmsUnavailableErrorOptions) {
    super(message, options)
    this.reason = options.reason
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs
  }
}

/** A write or a predicate that would have carried plaintext past the encryption. The message names what to call. */
export class PlaintextRefusedError extends WaxsealError {
  readonly code = 'ERR_PLAINTEXT_REFUSED'
}

/** Another writer gave the row another envelope in the meantime. Load it again and retry. */
export class EnvelopeChangedError extends WaxsealError {
  readonly code = 'ERR_ENVELOPE_CHANGED'
  override readonly retryable = true
}

/** The credential's data key was shredded. Its fields cannot be read; set every one of them to use the row again. */
export class CredentialShreddedError extends WaxsealError {
  readonly code = 'ERR_CREDENTIAL_SHREDDED'
}

/** A provider's audit trail no longer holds what follows the checkpoint. Never skipped silently. */
export class AuditTrailGapError extends WaxsealError {
  readonly code = 'ERR_AUDIT_TRAIL_GAP'
}

/** The cipher was closed: the process is about to end, or the DataSource was destroyed. Ask somebody who still runs. */
export class CipherClosedError extends WaxsealError {
  readonly code = 'ERR_CIPHER_CLOSED'
}

/**
 * A value from before the adoption that none of its column's readers reads, or only one whose end date has passed. The row
 * stays as it is: look at it, name the reader that belongs to it, or mend the value.
 */
export class LegacyValueError extends WaxsealError {
  readonly code = 'ERR_LEGACY_VALUE'
}

/**
 * The log of the audit is not what its checkpoints say: it was shortened, rewritten, or has two forms. Nothing is appended to
 * it or signed. Find out who did it; do not begin another log over it.
 */
export class LogInconsistentError extends WaxsealError {
  readonly code = 'ERR_LOG_INCONSISTENT'
}
