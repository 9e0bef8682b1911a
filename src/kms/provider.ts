import type { EncryptionContext } from './context.js'
import type { DataKey } from './data-key.js'

/** Names one version of one KEK. Holds no secret: it is stored, logged and shown. */
export interface KekRef {
  readonly provider: string
  readonly id: string
  /** `''` where the KMS did not say which version it used. */
  readonly version: string
}

/** A data key as it is stored. Read back, it is untrusted: a provider unwraps only under KEKs it was configured with. */
export interface WrappedDataKey {
  readonly kek: KekRef
  readonly bytes: Uint8Array
}

/** What a KMS answered to one request. An attempt can need several: a wrap, and the look-up before it. */
export interface KmsReply {
  /** The vendor's name of the request, as its audit trail writes it. */
  readonly operation: string
  readonly requestId?: string
  /** `ok`, or what the KMS refused with. */
  readonly status: string
  /** An id of who signed the request, such as an AWS access key id, where the client knows it. Never a secret. */
  readonly principal?: string
  /** The key that the request used, as a KEK ref spells one, where that may be another than the KEK of the attempt. */
  readonly key?: string
}

export interface CallOptions {
  /** Ends the call, which then rejects with its reason. */
  readonly signal?: AbortSignal
  /** Milliseconds since the epoch, after which the call is of no use to the caller. */
  readonly deadline?: number
  /**
   * Names the call in the ledger, where each attempt has a token of its own. A provider sends it with its requests, so that
   * they can be found in the audit trail.
   */
  readonly callToken?: string
  /** Called for every reply, errors and look-ups included. */
  readonly onReply?: (reply: KmsReply) => void
}

export interface GeneratedDataKey {
  readonly dataKey: DataKey
  readonly wrapped: WrappedDataKey
}

/**
 * One KMS. Five methods and no optional ones, so that whatever surrounds a provider (recording, retry, deadline) is a
 * provider too and nobody has to ask what this one can do.
 *
 * Every method rejects with a `WaxsealError`: `DecryptionError` for a wrapped key that was altered or belongs to another
 * context, `KekNotAcceptedError` without any call for a KEK that it was not configured with, `KekUnavailableError`,
 * `KmsAccessDeniedError` or `KmsUnavailableError` for what the KMS said. An aborted call rejects with the signal's reason.
 * Arguments are never changed. The context appears in audit trails.
 */
export interface KmsProvider {
  /** Written into every `KekRef`. Changing it orphans stored envelopes. */
  readonly name: string
  /** The KEK that the next wrap for this context would use. May ask the KMS. */
  currentKek(context: EncryptionContext, options?: CallOptions): Promise<KekRef>
  generateDataKey(context: EncryptionContext, options?: CallOptions): Promise<GeneratedDataKey>
  wrap(dataKey: DataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey>
  unwrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<DataKey>
  /** Wraps the same data key under the current KEK, inside the KMS where it has such an operation. */
  rewrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey>
}

/** A recipient that can wrap and never unwrap here: an offline recovery key. */
export interface WrapOnlyRecipient {
  readonly name: string
  currentKek(context: EncryptionContext, options?: CallOptions): Promise<KekRef>
  wrap(dataKey: DataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey>
}

export function sameKek(a: KekRef, b: KekRef): boolean {
  return a.provider === b.provider && a.id === b.id && a.version === b.version
}

/** How messages name a KEK. */
export function describeKek(kek: KekRef): string {
  return `${kek.provider}:${kek.id}@${kek.version === '' ? 'unknown version' : kek.version}`
}
