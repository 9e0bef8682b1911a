import { type JsonObject, textAt } from '../../../src/kms/untrusted-json.js'
import { serverRequest, type VaultRequestFacts } from './server-request.js'
import { transitRequest } from './transit-request.js'

/** Where no engine is mounted, or the server is an older one, the line does not say of which type it would be. */
const TRANSIT_PATH =
  /^(.+?)\/((?:encrypt|decrypt|rewrap|datakey\/(?:plaintext|wrapped)|export\/[a-z]+-key|keys)\/[^/]+.*)$/
/** As it is mounted if nobody says otherwise. */
const DEFAULT_MOUNT = /^((?:.+?\/)??transit)\/(.+)$/

/** Undefined where the line concerns another engine. */
export function factsOf(request: JsonObject): VaultRequestFacts | undefined {
  const path = textAt(request, 'path') ?? ''
  const verb = textAt(request, 'operation') ?? ''
  if (/^(sys|auth|identity)\//.test(path)) return serverRequest(path, verb)
  const below = transitPath(request, path)
  if (!below || verb === 'help') return undefined
  const { operation, operationClass, key } = transitRequest(below.path, verb)
  return { kind: 'call', operation, operationClass, ...(key !== undefined && { kekId: `${below.mount}/${key}` }) }
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
  const found = DEFAULT_MOUNT.exec(full) ?? TRANSIT_PATH.exec(full)
  if (found) return { mount: found[1] as string, path: found[2] as string }
  const [mount, ...rest] = full.split('/')
  return type === 'transit' ? { mount: mount as string, path: rest.join('/') } : undefined
}
