import type { CallOptions } from './provider.js'

/** `decrypt`: may open data keys. `administer`: may let himself or others, and need not have done so. */
export type KeyRight = 'decrypt' | 'administer'

/**
 * Somebody who may, by one rule of the KMS. Rules that only take away are followed where they are certain to; wherever that
 * is in doubt he is listed, and the doubt with him.
 */
export interface AllowedPrincipal {
  /** As the KMS names him. `*` is everybody. */
  readonly principal: string
  /** In the words of the KMS, such as `role`. */
  readonly type: string
  /** An account, a group, everybody: who they are stands elsewhere. */
  readonly isMany: boolean
  readonly may: readonly KeyRight[]
  /** By the KMS's own names. */
  readonly permissions: readonly string[]
  /** The rule: a statement of a policy, a grant, a binding of a role. */
  readonly via: string
  /** As they are written there. */
  readonly conditions: readonly string[]
  /** Why he may not be able to after all, or why more may, in a sentence each. */
  readonly doubts: readonly string[]
  /** How the audit trail names him; a `*` at the end stands for anything. Empty: not known. */
  readonly inTrail: readonly string[]
}

/** Who may use a KEK, as its KMS says. */
export interface KeyAccess {
  readonly provider: string
  /** As in a KEK ref. */
  readonly kekId: string
  readonly principals: readonly AllowedPrincipal[]
  /** What no such list of this KMS shows, in a sentence each. */
  readonly limits: readonly string[]
  /** What this identity could not read, in a sentence each. Not empty: there may be more principals. */
  readonly unread: readonly string[]
}

/**
 * Of every KEK of a section of the configuration. Every request to the KMS takes the options. What may not be read is `unread`;
 * rejects with a `WaxsealError` where the KMS is not reached or not understood.
 */
export type ReadKeyAccess = (
  section: Readonly<Record<string, unknown>>,
  options: CallOptions,
) => Promise<readonly KeyAccess[]>
