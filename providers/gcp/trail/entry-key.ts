import { type JsonObject, textAt } from '../../../src/kms/untrusted-json.js'
import { isVersion } from '../key-name.js'

/** Some logs write the full name of a resource, with the service in front. */
const KEY =
  /^(?:\/\/cloudkms\.googleapis\.com\/)?projects\/([^/]+)(\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+)(?:\/cryptoKeyVersions\/([^/]+))?$/
const NUMBER = /^\d+$/

interface NamedKey {
  readonly name: string
  readonly project: string
  readonly path: string
  readonly version: string | undefined
}

/** Which key an entry is about, spelt as in a KEK ref: with the id of the project, also where the call had its number. */
export function keyOf(entry: JsonObject, payload: JsonObject | undefined) {
  const of = (...path: string[]) => keyIn(textAt(payload, ...path))
  const [resource, requested, answered] = [of('resourceName'), of('request', 'name'), of('response', 'name')]
  const key = resource ?? requested ?? answered ?? of('response', 'kmsKey') ?? newKeyOf(payload)
  if (!key) return labelledKeyOf(entry)
  const label = (of: string) => textAt(entry, 'resource', 'labels', of)
  const id = NUMBER.test(key.project) ? (label('project_id') ?? loggedIn(entry) ?? key.project) : key.project
  // Another name of the same key may be of the version; and a new primary version has no name.
  const found =
    key.version ??
    versionIn(requested, key) ??
    textAt(payload, 'request', 'cryptoKeyVersionId') ??
    versionIn(answered, key) ??
    label('crypto_key_version_id')
  const kekId = `projects/${id}${key.path}`
  const typed = (requested ?? key).name
  return {
    kekId,
    kekVersion: found !== undefined && isVersion(found) ? found : undefined,
    requestedKey: typed.includes(kekId) ? undefined : typed,
  }
}

function keyIn(name = ''): NamedKey | undefined {
  const [, project, path = '', version] = KEY.exec(name) ?? []
  return project === undefined ? undefined : { name, project, path, version }
}

/** A key that is created is named by its ring and its id. */
function newKeyOf(payload: JsonObject | undefined): NamedKey | undefined {
  const [parent, id] = ['parent', 'cryptoKeyId'].map((name) => textAt(payload, 'request', name))
  return parent !== undefined && id !== undefined ? keyIn(`${parent}/cryptoKeys/${id}`) : undefined
}

function versionIn(other: NamedKey | undefined, { path }: NamedKey): string | undefined {
  return other?.path === path ? other.version : undefined
}

/** The id of the project that has the log. */
function loggedIn(entry: JsonObject): string | undefined {
  return /^projects\/([^/]+)\//.exec(textAt(entry, 'logName') ?? '')?.[1]
}

/** The key by the labels of the resource, where an entry has no other name of it. */
export function labelledKeyOf(entry: JsonObject) {
  const label = (of: string) => textAt(entry, 'resource', 'labels', of)
  const [project, location, ring, key] = ['project_id', 'location', 'key_ring_id', 'crypto_key_id'].map(label)
  if (project === undefined || location === undefined || ring === undefined || key === undefined) return {}
  return {
    kekId: `projects/${project}/locations/${location}/keyRings/${ring}/cryptoKeys/${key}`,
    kekVersion: label('crypto_key_version_id'),
  }
}

/** The project, folder or organisation that the entry was logged in. */
export function scopeOfEntry(entry: JsonObject, payload: JsonObject | undefined): string | undefined {
  const label = textAt(entry, 'resource', 'labels', 'project_id')
  const named = containerIn(textAt(entry, 'logName')) ?? (label === undefined ? undefined : `projects/${label}`)
  return named ?? containerIn(textAt(payload, 'resourceName'))
}

function containerIn(name = ''): string | undefined {
  return /^(projects|folders|organizations|billingAccounts)\/[^/]+/.exec(name)?.[0]
}
