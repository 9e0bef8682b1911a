import type { AuditEvent, OperationClass } from '../../../src/audit/trail/audit-event.js'

/** What a line is about, as far as it concerns keys, logins and the trail itself. */
export type VaultRequestFacts = Pick<AuditEvent, 'kind' | 'operation' | 'operationClass' | 'kekId'>

const READS = ['read', 'list', 'help']
/** Below `sys/`: what is written down. */
const LOGGING = /^sys\/(audit|config\/auditing)(\/|$)/
/** Who may what: policies, and what gives them to whoever logs in. */
const POLICIES = [
  /^sys\/(policy|policies|auth|generate-root)(\/|$)/,
  /^auth\/.+\/(config|roles?|users|groups|map|certs|crls)(\/|$)/,
  /^identity\/(entity|group)(-alias)?(\/|$)/,
]
/** Below a role, too, and no change of it: a login, and what somebody logs in with. */
const CREDENTIALS = /^auth\/.*(\/(login|callback)(\/|$)|\/(custom-)?secret-id)/
/** What the engines store, read past them: in clear, or so that it can be restored elsewhere. */
const TAKEN_OUT = /^sys\/(raw\/.|storage\/raft\/snapshot$)/
const RESTORED = /^sys\/storage\/raft\/snapshot(-force)?$/
/** With an engine or a namespace its keys are gone. */
const HOLDS_KEYS = /^sys\/(mounts|namespaces|managed-keys)\//
/** What there is of engines and of the server's own keys. Others of them are never logged, such as `sys/init`. */
const SERVER = new RegExp(
  `^sys/(${[
    ...['mounts', 'remount', 'namespaces', 'managed-keys', 'raw', 'seal', 'unseal'],
    ...['generate-recovery-token', 'rekey', 'rekey-recovery-key', 'rotate'],
  ].join('|')})(/|$)`,
)

/** Of the server itself, its logins and identities. Undefined where it is of no concern. */
export function serverRequest(path: string, verb: string): VaultRequestFacts | undefined {
  // Written when a device is opened, by nobody: Vault was started, unsealed or told to read its configuration again.
  if (path === 'sys/audit/test') return { kind: 'lifecycle', operation: path, operationClass: 'logging' }
  const operation = verbed(path, verb)
  const isRead = READS.includes(verb)
  if (!isRead && LOGGING.test(path)) return { kind: 'logging', operation, operationClass: 'logging' }
  const operationClass = isRead ? classOfReading(path, verb) : classOfChange(path, verb)
  return operationClass && { kind: 'call', operation, operationClass }
}

function classOfReading(path: string, verb: string): OperationClass | undefined {
  if (verb === 'read' && TAKEN_OUT.test(path)) return 'decrypt'
  return path.startsWith('auth/') ? 'authentication' : undefined
}

function classOfChange(path: string, verb: string): OperationClass | undefined {
  if (POLICIES.some((each) => each.test(path)) && !CREDENTIALS.test(path)) return 'policy'
  if (path.startsWith('auth/')) return 'authentication'
  if (RESTORED.test(path)) return 'key-restore'
  if (verb === 'delete' && HOLDS_KEYS.test(path)) return 'key-delete'
  return SERVER.test(path) ? 'other' : undefined
}

/** Reads and writes have the name that the provider's calls have for them. */
function verbed(path: string, verb: string): string {
  return verb === 'read' || verb === 'update' ? path : `${verb} ${path}`
}
