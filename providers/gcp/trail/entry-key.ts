import { type JsonObject, textAt } from '../../../src/kms/untrusted-json.js'
import { isVersion } from '../key-name.js'

const KEY =
  /^projects\/([^/]+)(\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+)(?:\/cryptoKeyVersions\/([^/]+))?$/
const NUMBER = /^\d+$/

/** Which key an entry is about, spelt as in a KEK ref: with the id of the project, also where the call had its number. */
export function keyOf(entry: JsonObject, payload: JsonObject | undefined) {
  const name = textAt(payload, 'resourceName') ?? ''
  const requested = textAt(payload, 'request', 'name') ?? ''
  const [, project, path = '', version] = KEY.exec(name) ?? []
  if (project === undefined) return {}
  const label = (of: string) => textAt(entry, 'resource', 'labels', of)
  const id = NUMBER.test(project) ? (label('project_id') ?? project) : project
  // The name in the request may be of the version, where the resource is the key; and a new primary version has no name.
  const [, , requestedPath, requestedVersion] = KEY.exec(requested) ?? []
  const found =
    version ??
    (requestedPath === path ? requestedVersion : undefined) ??
    textAt(payload, 'request', 'cryptoKeyVersionId') ??
    label('crypto_key_version_id')
  const kekId = `projects/${id}${path}`
  const typed = requestedPath === undefined ? name : requested
  return {
    kekId,
    kekVersion: found !== undefined && isVersion(found) ? found : undefined,
    requestedKey: typed.startsWith(kekId) ? undefined : typed,
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
