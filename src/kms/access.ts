import type { ReadKeyAccess } from './key-access.js'
import type { CallOptions } from './provider.js'

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
   * there is no other way to know, as entity `waxseal-doctor`. Every request takes the options; rejects where one was not
   * answered.
   */
  examine(
    section: Readonly<Record<string, unknown>>,
    role: AccessRole,
    options: CallOptions,
  ): Promise<readonly AccessFinding[]>
  /** Who else may use its KEKs. Changes and uses nothing. */
  readonly readKeyAccess: ReadKeyAccess
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

/** What the KMS answered when it was asked whether an identity may do something. */
export type Permission = 'yes' | 'no' | 'unknown'

export interface FoundPermissions {
  readonly provider: string
  readonly role: AccessRole
  readonly needs: readonly string[]
  /** All that was asked, needed or not. */
  readonly found: ReadonlyMap<string, Permission>
  /** What nobody has to be refused, such as a look at a public key. */
  readonly harmless?: readonly string[]
  /** How to find out what could not be found out. */
  readonly remedy?: string
}

/** Compares what a role needs with what the identity may. */
export function judgePermissions(permissions: FoundPermissions): AccessFinding[] {
  const { provider, role, needs, found, harmless = [] } = permissions
  const listed = (permission: Permission) => [...found.keys()].filter((each) => found.get(each) === permission)
  const missing = listed('no').filter((each) => needs.includes(each))
  const excessive = listed('yes').filter((each) => !needs.includes(each) && !harmless.includes(each))
  const unknown = listed('unknown')
  const findings: AccessFinding[] = []
  if (missing.length > 0) {
    const message = `a ${role} needs ${missing.join(', ')}, which this identity may not`
    const remedy = `grant what "waxseal policy ${provider} --role ${role}" prints`
    findings.push({ code: 'ACCESS_MISSING', message, remedy })
  }
  if (excessive.length > 0) {
    const message = `a ${role} does without ${excessive.join(', ')}, which this identity may`
    findings.push({ code: 'ACCESS_EXCESSIVE', message, remedy: 'take it away: what nobody may, nobody can misuse' })
  }
  if (unknown.length > 0) {
    const message = `whether this identity may ${unknown.join(', ')} could not be found out`
    const { remedy = 'run it again, or compare the policy by hand' } = permissions
    findings.push({ code: 'ACCESS_UNPROVEN', message, remedy })
  }
  if (findings.length > 0) return findings
  const message = `a ${role} may ${needs.join(', ') || 'do nothing with the key'}, and no more of what was asked`
  return [{ code: 'ACCESS_AS_NEEDED', message, remedy: 'nothing to do' }]
}
