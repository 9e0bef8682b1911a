import type { AuditEvent, OperationClass } from '../../../src/audit/trail/audit-event.js'
import { type JsonObject, textAt } from '../../../src/kms/untrusted-json.js'
import { transitRequest } from './transit-request.js'

/** What a line is about, as far as it concerns keys, logins and the trail itself. */
export type VaultRequestFacts = Pick<AuditEvent, 'kind' | 'operation' | 'operationClass' | 'kekId'>

/** Of `sys/`: who may what, and what is written down. Writes only. */
const POLICIES = /^(policy|policies)(\/|$)/
const LOGGING = /^(audit|config\/auditing)(\/|$)/
/** What there is of engines and of the server's own keys. Others of them are never logged, such as `sys/init`. */
const SERVER =
  /^(mounts|remount|namespaces|generate-root|generate-recovery-token|rekey|rekey-recovery-key|rotate|raw|seal|unseal)(\/|$)/
/** Where no engine is mounted, the line does not say of which type it would be. */
const TRANSIT_PATH = /^(.+?)\/((?:encrypt|decrypt|rewrap|datakey\/(?:plaintext|wrapped)|keys)\/[^/]+.*)$/

/** Undefined where the line concerns another engine. */
export function factsOf(request: JsonObject): VaultRequestFacts | undefined {
  const path = textAt(request, 'path') ?? ''
  const verb = textAt(request, 'operation') ?? ''
  if (path.startsWith('sys/')) return systemFacts(path.slice('sys/'.length), verb)
  if (path.startsWith('auth/')) {
    return { kind: 'call', operation: verbed(path, verb), operationClass: 'authentication' }
  }
  const below = transitPath(request, path)
  if (!below || verb === 'help') return undefined
  const { operation, operationClass, key } = transitRequest(below.path, verb)
  return { kind: 'call', operation, operationClass, ...(key !== undefined && { kekId: `${below.mount}/${key}` }) }
}

function systemFacts(path: string, verb: string): VaultRequestFacts | undefined {
  // Written when a device is opened, by nobody: Vault was started, unsealed or told to read its configuration again.
  if (path === 'audit/test') return { kind: 'lifecycle', operation: 'sys/audit/test', operationClass: 'logging' }
  if (['read', 'list', 'help'].includes(verb)) return undefined
  const operation = verbed(`sys/${path}`, verb)
  if (LOGGING.test(path)) return { kind: 'logging', operation, operationClass: 'logging' }
  if (POLICIES.test(path)) return { kind: 'call', operation, operationClass: 'policy' }
  return SERVER.test(path) ? { kind: 'call', operation, operationClass: serverClassOf(path, verb) } : undefined
}

/** With an engine or a namespace its keys are gone; who makes a root token may do anything. */
function serverClassOf(path: string, verb: string): OperationClass {
  if (verb === 'delete' && /^(mounts|namespaces)\//.test(path)) return 'key-delete'
  return path.startsWith('generate-root') ? 'policy' : 'other'
}

/** The mount with its namespace, as in KEK refs, and what follows it. */
function transitPath(request: JsonObject, path: string): { readonly mount: string; readonly path: string } | undefined {
  const namespace = textAt(request, 'namespace', 'path')?.replace(/\/?$/, '/') ?? ''
  const full = `${namespace}${path}`
  const type = textAt(request, 'mount_type')
  // With the namespace before it, which `path` lacks, or without: servers differ.
  const named = textAt(request, 'mount_point')
  const point = [named && `${namespace}${named}`, named].find((each) => each !== undefined && full.startsWith(each))
  if (type === 'transit' && point !== undefined) {
    return { mount: point.replace(/\/$/, ''), path: full.slice(point.length) }
  }
  if (type !== undefined && type !== 'transit') return undefined
  const found = TRANSIT_PATH.exec(full)
  if (found) return { mount: found[1] as string, path: found[2] as string }
  const [mount, ...rest] = full.split('/')
  return type === 'transit' ? { mount: mount as string, path: rest.join('/') } : undefined
}

/** Reads and writes have the name that the provider's calls have for them. */
function verbed(path: string, verb: string): string {
  return verb === 'read' || verb === 'update' ? path : `${verb} ${path}`
}
