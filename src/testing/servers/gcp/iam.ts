import { createHash } from 'node:crypto'
import type { Message } from './grpc.js'
import type { IamBinding, TestCryptoKey } from './keys.js'
import { GcpRefusal, INVALID_ARGUMENT, PERMISSION_DENIED } from './refusal.js'

const ENCRYPT = 'cloudkms.cryptoKeyVersions.useToEncrypt'
const DECRYPT = 'cloudkms.cryptoKeyVersions.useToDecrypt'
const SIGN = 'cloudkms.cryptoKeyVersions.useToSign'
const LOOK_AT_PUBLIC_KEY = 'cloudkms.cryptoKeyVersions.viewPublicKey'
const LOOK = ['cloudkms.cryptoKeys.get', 'cloudkms.cryptoKeyVersions.get', 'cloudkms.cryptoKeyVersions.list']
const ADMINISTER = [
  'cloudkms.cryptoKeys.update',
  'cloudkms.cryptoKeys.getIamPolicy',
  'cloudkms.cryptoKeys.setIamPolicy',
  'cloudkms.cryptoKeyVersions.create',
  'cloudkms.cryptoKeyVersions.update',
  'cloudkms.cryptoKeyVersions.destroy',
  'cloudkms.cryptoKeyVersions.restore',
]

/** Of each predefined role, what concerns keys. https://cloud.google.com/kms/docs/reference/permissions-and-roles */
const ROLES: Readonly<Record<string, readonly string[]>> = {
  'roles/cloudkms.admin': [...LOOK, ...ADMINISTER],
  'roles/cloudkms.cryptoKeyEncrypter': [ENCRYPT],
  'roles/cloudkms.cryptoKeyDecrypter': [DECRYPT],
  'roles/cloudkms.cryptoKeyEncrypterDecrypter': [ENCRYPT, DECRYPT],
  'roles/cloudkms.publicKeyViewer': [LOOK_AT_PUBLIC_KEY],
  'roles/cloudkms.signer': [SIGN],
  'roles/cloudkms.viewer': LOOK,
}

/** What an operation needs on its key. */
const NEEDED: Readonly<Record<string, string>> = {
  Encrypt: ENCRYPT,
  Decrypt: DECRYPT,
  AsymmetricSign: SIGN,
  GetPublicKey: LOOK_AT_PUBLIC_KEY,
  GetCryptoKey: 'cloudkms.cryptoKeys.get',
  UpdateCryptoKey: 'cloudkms.cryptoKeys.update',
  UpdateCryptoKeyPrimaryVersion: 'cloudkms.cryptoKeys.update',
  GetIamPolicy: 'cloudkms.cryptoKeys.getIamPolicy',
  SetIamPolicy: 'cloudkms.cryptoKeys.setIamPolicy',
  GetCryptoKeyVersion: 'cloudkms.cryptoKeyVersions.get',
  ListCryptoKeyVersions: 'cloudkms.cryptoKeyVersions.list',
  CreateCryptoKeyVersion: 'cloudkms.cryptoKeyVersions.create',
  UpdateCryptoKeyVersion: 'cloudkms.cryptoKeyVersions.update',
  DestroyCryptoKeyVersion: 'cloudkms.cryptoKeyVersions.destroy',
  RestoreCryptoKeyVersion: 'cloudkms.cryptoKeyVersions.restore',
}

export function isAllowed({ bindings }: TestCryptoKey, identity: string, permission: string): boolean {
  if (!bindings) return true
  const isOne = (member: string) => member === 'allUsers' || member.slice(member.indexOf(':') + 1) === identity
  // Conditions are not evaluated: what is given under one is not given here.
  return bindings.some(
    ({ role, members, condition }) => !condition && members.some(isOne) && ROLES[role]?.includes(permission),
  )
}

export function assertAllowed(key: TestCryptoKey, identity: string, operation: string): void {
  const permission = NEEDED[operation]
  if (permission === undefined || isAllowed(key, identity, permission)) return
  throw denied(permission, key.name)
}

export function denied(permission: string, resource: string): GcpRefusal {
  const message = `Permission '${permission}' denied on resource '${resource}' (or it may not exist).`
  return new GcpRefusal(PERMISSION_DENIED, message)
}

export function permissionOf(operation: string): string {
  return NEEDED[operation] ?? `cloudkms.${operation}`
}

/** The bindings of a policy; roles of one's own are not known here. */
export function bindingsOf(policy: Message | null | undefined): readonly IamBinding[] {
  const bindings = (policy?.['bindings'] ?? []) as IamBinding[]
  const unknown = bindings.find(({ role }) => !Object.hasOwn(ROLES, role))
  if (!unknown) return bindings
  throw new GcpRefusal(INVALID_ARGUMENT, `Role ${unknown.role} is not supported for this resource.`)
}

/** A policy as it is answered: who asks for less than the version 3 sees no condition, and another name of the role. */
export function policyOf(bindings: readonly IamBinding[] = [], options: unknown): Message {
  const { requestedPolicyVersion = 1 } = (options ?? {}) as { readonly requestedPolicyVersion?: number }
  if (requestedPolicyVersion === 3) return { version: 3, bindings }
  const hidden = bindings.map(({ role, members, condition }) => {
    const hash = createHash('sha1')
      .update(JSON.stringify(condition ?? null))
      .digest('hex')
      .slice(0, 20)
    return condition ? { role: `${role}_withcond_${hash}`, members } : { role, members }
  })
  return { version: 1, bindings: hidden }
}
