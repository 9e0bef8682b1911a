/** https://cloud.google.com/kms/docs/getting-resource-ids */
const KEY_NAME = /^projects\/[a-z0-9.:-]+\/locations\/[a-z0-9-]+\/keyRings\/[\w-]{1,63}\/cryptoKeys\/[\w-]{1,63}$/
export const KEY_NAME_EXPECTED = 'the name of a CryptoKey (projects/…/locations/…/keyRings/…/cryptoKeys/…)'
const VERSION = /^[1-9]\d{0,9}$/
const VERSIONS = '/cryptoKeyVersions/'

export function isKeyName(name: string): boolean {
  return KEY_NAME.test(name)
}

export function isVersion(version: string): boolean {
  return VERSION.test(version)
}

/** The name of a CryptoKeyVersion. */
export function versionNameOf(key: string, version: string): string {
  return `${key}${VERSIONS}${version}`
}

/** The key and the number in the name of a CryptoKeyVersion; undefined for any other text. */
export function parseVersionName(name: string): { readonly key: string; readonly version: string } | undefined {
  const [key = '', version = '', ...more] = name.split(VERSIONS)
  return isKeyName(key) && isVersion(version) && more.length === 0 ? { key, version } : undefined
}

/** The number in the name of a CryptoKeyVersion of `key`; undefined for a version of another key. */
export function versionIn(key: string, versionName: string): string | undefined {
  const [name = '', version = ''] = versionName.split(VERSIONS)
  return withoutProject(name) === withoutProject(key) && isVersion(version) ? version : undefined
}

/** A project can be asked for by its id or by its number, and the answer may have the other one. */
function withoutProject(name: string): string {
  return name.replace(/^projects\/[^/]+/, '')
}
