import type { KeyRight } from '../../../src/kms/key-access.js'

/** Works through other services of Google Cloud, for whoever calls them. */
export const DELEGATED = 'cloudkms.cryptoKeyVersions.useToDecryptViaDelegation'
const OPENING = ['cloudkms.cryptoKeyVersions.useToDecrypt', DELEGATED]
/** From the key upwards. Each is of use in a policy of its own kind of resource, and of all above it. */
const GIVING = [
  'cloudkms.cryptoKeys.setIamPolicy',
  'cloudkms.keyRings.setIamPolicy',
  'resourcemanager.projects.setIamPolicy',
  'resourcemanager.folders.setIamPolicy',
  'resourcemanager.organizations.setIamPolicy',
]

/** What of interest a policy of the resource can give. https://cloud.google.com/iam/docs/roles-permissions/cloudkms */
export function watchedIn(resource: string): readonly string[] {
  return [...OPENING, ...GIVING.slice(0, levelOf(resource) + 1)]
}

export function rightsOf(permissions: readonly string[]): readonly KeyRight[] {
  const has = (watched: readonly string[]) => permissions.some((each) => watched.includes(each))
  return [...(has(OPENING) ? (['decrypt'] as const) : []), ...(has(GIVING) ? (['administer'] as const) : [])]
}

function levelOf(resource: string): number {
  const container = ['projects/', 'folders/', 'organizations/'].findIndex((each) => resource.startsWith(each))
  if (container > 0) return container + 2
  return resource.includes('/cryptoKeys/') ? 0 : resource.includes('/keyRings/') ? 1 : 2
}
