import type { KeyRight } from '../../../src/kms/key-access.js'
import { listAt, objectAt } from '../../../src/kms/untrusted-json.js'
import { fitsAction } from '../../../src/kms/wildcard.js'

/** By what the vault decides who may use its keys. */
export type Authorization = 'roles' | 'access policies' | 'unknown'

/** What RSA wraps, RSA decrypts. A backup opens in another vault of the subscription, and what is released elsewhere. */
const OPENING = ['unwrap', 'decrypt', 'backup', 'release'].map((use) => `Microsoft.KeyVault/vaults/keys/${use}/action`)
/** Whoever imports a version of a key has it: what is wrapped under it from then on opens to him. */
const IMPORTING = ['Microsoft.KeyVault/vaults/keys/import/action']
const GRANTING = [
  'Microsoft.Authorization/roleAssignments/write',
  'Microsoft.Authorization/roleDefinitions/write',
  'Microsoft.Authorization/roleAssignmentScheduleRequests/write',
  'Microsoft.Authorization/roleEligibilityScheduleRequests/write',
]
const WRITING_POLICIES = ['Microsoft.KeyVault/vaults/write', 'Microsoft.KeyVault/vaults/accessPolicies/write']

const OF_DATA: Readonly<Record<Authorization, readonly string[]>> = {
  roles: [...OPENING, ...IMPORTING],
  'access policies': [],
  unknown: [...OPENING, ...IMPORTING],
}
const OF_MANAGEMENT: Readonly<Record<Authorization, readonly string[]>> = {
  // To make a vault go by access policies takes the right to grant roles.
  roles: GRANTING,
  'access policies': [...GRANTING, ...WRITING_POLICIES],
  unknown: [...GRANTING, ...WRITING_POLICIES],
}

/** All that a role could be about. */
export function watched(authorization: Authorization): readonly string[] {
  return [...OF_DATA[authorization], ...OF_MANAGEMENT[authorization]]
}

/** What of interest a role allows; undefined for what is no definition of a role. */
export function allowedByRole(role: unknown, authorization: Authorization): readonly string[] | undefined {
  const permissions = objectAt(role, 'properties')?.['permissions']
  if (!Array.isArray(permissions)) return undefined
  const covers = (list: 'actions' | 'dataActions', without: 'notActions' | 'notDataActions', action: string) =>
    permissions.some((each) => includes(each, list, action) && !includes(each, without, action))
  return [
    ...OF_DATA[authorization].filter((action) => covers('dataActions', 'notDataActions', action)),
    ...OF_MANAGEMENT[authorization].filter((action) => covers('actions', 'notActions', action)),
  ]
}

function includes(permission: unknown, list: string, action: string): boolean {
  return listAt(permission, list).some((pattern) => typeof pattern === 'string' && fitsAction(pattern, action))
}

export function rightsOf(permissions: readonly string[]): readonly KeyRight[] {
  const opens = permissions.some((each) => OPENING.includes(each))
  const gives = permissions.some((each) => !OPENING.includes(each))
  return [...(opens ? (['decrypt'] as const) : []), ...(gives ? (['administer'] as const) : [])]
}
