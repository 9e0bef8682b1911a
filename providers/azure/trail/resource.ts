import { isKeyName, isKeyVersion, kekIdOf, vaultUrlOf } from '../key-names.js'
import type { Members } from './members.js'

/** The ports of the service behind its load balancers, which the table AZKVAuditLogs writes into the URL. */
const PORTS = /^(https:\/\/[^/?#]+):(443|8443)(?=[/?#]|$)/i
const RESTORE = /^\/keys\/restore\/?$/i

/** Which vault, and which key and version, a record is about: spelt as in a KEK ref. */
export function resourceOf(members: Members) {
  const [id, requested] = ['id', 'requesturi'].map((name) => urlOf(members.get(name)))
  const resource = members.get('resourceid') ?? members.get('_resourceid') ?? ''
  // A key that is restored from a backup has no name in the path.
  const kek = keyIn(id) ?? (RESTORE.test(requested?.pathname ?? '') ? undefined : keyIn(requested))
  return {
    scope: scopeIn(id, requested, resource),
    kekId: kek?.id ?? administeredKey(resource),
    kekVersion: kek?.version ?? (kek && keyIn(requested)?.version),
  }
}

/** Of the Activity Log: `…/vaults/<vault>/keys/<name>`. */
function administeredKey(resource: string): string | undefined {
  const [, name = ''] = /\/(?:vaults|managedhsms)\/[^/]+\/keys\/([^/]+)/i.exec(resource) ?? []
  const host = hostOf(resource)
  return host !== undefined && isKeyName(name) ? kekIdOf(`https://${host}`, name) : undefined
}

/** The URI of a request as it is compared: with neither of the service's ports. */
export function requestUriOf(members: Members): string {
  return (members.get('requesturi') ?? '').replace(PORTS, '$1')
}

function urlOf(text = ''): URL | undefined {
  const plain = text.replace(PORTS, '$1')
  return URL.canParse(plain) ? new URL(plain) : undefined
}

/** A Managed HSM has its roles below what they are of: of all keys, or of one. */
const ROLES_OF_ALL = /^\/keys\/+providers\/microsoft\.authorization\//i

/** `/keys/<name>[/<version>][/<operation>]`, and the same of a deleted key. */
function keyIn(url: URL | undefined) {
  const [, collection, name = '', version = ''] = url?.pathname.split('/') ?? []
  if (!url || !['keys', 'deletedkeys'].includes(collection?.toLowerCase() ?? '') || !isKeyName(name)) return undefined
  if (ROLES_OF_ALL.test(url.pathname)) return undefined
  const vaultUrl = vaultUrlOf(url.origin)
  if (vaultUrl === undefined) return undefined
  const lower = version.toLowerCase()
  return { id: kekIdOf(vaultUrl, name), version: isKeyVersion(lower) ? lower : undefined }
}

/** The host of the vault. What the control plane logs has its own host in the URI, and the vault's in the id. */
function scopeIn(id: URL | undefined, requested: URL | undefined, resource: string): string | undefined {
  if (id?.protocol === 'https:') return id.host
  if (requested?.protocol === 'https:' && !isControlPlane(requested.host)) return requested.host
  return hostOf(resource) ?? requested?.host
}

function isControlPlane(host: string): boolean {
  return /(^|\.)(vaultcore\.azure\.net|management\.[a-z.]+)$/i.test(host)
}

const HOSTS: Readonly<Record<string, string>> = { vaults: 'vault.azure.net', managedhsms: 'managedhsm.azure.net' }

/** By the name of the resource, in the public cloud. */
export function hostOf(resource: string): string | undefined {
  const [, kind = '', name = ''] =
    /\/microsoft\.keyvault\/(?:locations\/[^/]+\/deleted)?(vaults|managedhsms)\/([a-z0-9-]+)/i.exec(resource) ?? []
  const domain = HOSTS[kind.toLowerCase()]
  return domain && `${name.toLowerCase()}.${domain}`
}
