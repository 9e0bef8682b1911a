/**
 * What an identity is for. `writer`: a service that stores credentials; it unwraps as well, since a save loads the row.
 * `reader`: unwraps only. `rotator`: rewraps, and unwraps to prove it. `auditor`: sees keys and trail and uses no key.
 */
export type AccessRole = 'writer' | 'reader' | 'rotator' | 'auditor'

export const ACCESS_ROLES: readonly AccessRole[] = ['writer', 'reader', 'rotator', 'auditor']

export interface PolicyRequest {
  readonly role: AccessRole
  /** As in the provider's configuration. */
  readonly key: string
  /** Logical names of the entities whose envelopes the identity may use. Empty: those of all. */
  readonly entities: readonly string[]
  /** Who gets it, in the KMS's own spelling. Without one the text holds a placeholder to fill in. */
  readonly principal?: string
  /** One of the provider's formats. Default: its first. */
  readonly format?: string
}

export interface PolicyDocument {
  /** What it is and where it goes, for a person. */
  readonly title: string
  readonly text: string
}

/** What a provider knows about permissions at its KMS, beside what it does with keys. */
export interface ProviderAccess {
  /** Languages that policies can be printed in. */
  readonly formats: readonly string[]
  /** The least that the role needs. Throws `ConfigurationError` for a key or a format that it cannot write a policy for. */
  policy(request: PolicyRequest): readonly PolicyDocument[]
  /**
   * Asks the KMS what the configured identity may really do, and how the key is set up. Changes nothing; uses the key where
   * there is no other way to know, as entity `waxseal-doctor`.
   */
  examine(section: Readonly<Record<string, unknown>>, role: AccessRole): Promise<readonly AccessFinding[]>
}

export type AccessFindingCode =
  | 'ACCESS_AS_NEEDED'
  | 'ACCESS_MISSING'
  | 'ACCESS_EXCESSIVE'
  | 'ACCESS_UNPROVEN'
  | 'KEK_UNSUITABLE'
  | 'KEK_NOT_ROTATED'
  | 'WRAPS_UNSIGNED'

export interface AccessFinding {
  readonly code: AccessFindingCode
  readonly message: string
  readonly remedy: string
}
