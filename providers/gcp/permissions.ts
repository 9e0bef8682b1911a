import type { AccessRole } from '../../src/kms/access.js'

const ENCRYPT = 'cloudkms.cryptoKeyVersions.useToEncrypt'
const DECRYPT = 'cloudkms.cryptoKeyVersions.useToDecrypt'
const LOOK = 'cloudkms.cryptoKeys.get'
const LOOK_AT_VERSIONS = ['cloudkms.cryptoKeyVersions.get', 'cloudkms.cryptoKeyVersions.list']

/** What each role does with the key. https://cloud.google.com/kms/docs/reference/permissions-and-roles */
export const NEEDS: Readonly<Record<AccessRole, readonly string[]>> = {
  // The primary version is looked up: `Encrypt` is asked for that one.
  writer: [ENCRYPT, DECRYPT, LOOK],
  reader: [DECRYPT],
  rotator: [ENCRYPT, DECRYPT, LOOK],
  auditor: [LOOK, ...LOOK_AT_VERSIONS],
}

/** More than a role needs, where it does not need it. Looking at the key is not: predefined roles bring it along. */
export const POWERS: readonly string[] = [
  ENCRYPT,
  DECRYPT,
  'cloudkms.cryptoKeys.update',
  'cloudkms.cryptoKeys.setIamPolicy',
  'cloudkms.cryptoKeyVersions.create',
  'cloudkms.cryptoKeyVersions.update',
  'cloudkms.cryptoKeyVersions.destroy',
]
