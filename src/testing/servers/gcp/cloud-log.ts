import type { Message } from './grpc.js'
import { permissionOf } from './iam.js'

/** A call that was answered. */
export interface LoggedCall {
  readonly operation: string
  readonly request: Message
  readonly identity: string
  readonly userAgent: string
  readonly reason: string | undefined
  /** Of gRPC. */
  readonly code: number
  readonly details: string
}

interface WrittenEntry {
  readonly entry: Message
  readonly arrivesAt: number
}

const DATA_ACCESS = /^(Get|List|Encrypt$|Decrypt$|AsymmetricSign$)/
const SERVER_ERROR = 14

/**
 * What Cloud Audit Logs would have of the calls: with the delay of its delivery, without the uses of keys where data access
 * is not logged, without what gets lost, and never with the id of a request, the plaintext or the authenticated data.
 */
export class CloudLog {
  /** Off in a project where nobody has switched it on. */
  isDataAccessLogged = true
  /** Whether the reason of a request is in its entry: not every service writes it. */
  isReasonLogged = true
  /** From the call to where entries are read. */
  delayMs = 100
  loses: (call: LoggedCall) => boolean = () => false
  readonly #now: () => Date
  #written: WrittenEntry[] = []
  #count = 0

  constructor(now: () => Date) {
    this.#now = now
  }

  write(call: LoggedCall): void {
    // What never got to the service is not in its log.
    if (call.code === SERVER_ERROR || this.loses(call)) return
    const isDataAccess = DATA_ACCESS.test(call.operation)
    if (isDataAccess && !this.isDataAccessLogged) return
    this.append(this.#entryOf(call, isDataAccess ? 'data_access' : 'activity'))
  }

  /** An entry of somebody else's making, such as that of a sink that was deleted. */
  append(entry: Message, delayMs = this.delayMs): void {
    const at = this.#now()
    const times = { timestamp: this.#timeOf(at), receiveTimestamp: this.#timeOf(new Date(at.getTime() + delayMs)) }
    const insertId = `i${this.#count}`
    this.#written.push({ entry: { insertId, ...times, ...entry }, arrivesAt: at.getTime() + delayMs })
  }

  clear(): void {
    this.#written = []
  }

  /** What can be read now. */
  get entries(): readonly Message[] {
    const now = this.#now().getTime()
    return this.#written.filter(({ arrivesAt }) => arrivesAt <= now).map(({ entry }) => entry)
  }

  #entryOf({ operation, request, identity, userAgent, reason, code, details }: LoggedCall, log: string): Message {
    const resourceName = String(request['name'] ?? request['resource'] ?? request['parent'])
    const [, project = '', , location, , ring, , key, , version] = resourceName.split('/')
    const permission = permissionOf(operation)
    const isDenied = code === 7
    return {
      logName: `projects/${project}/logs/cloudaudit.googleapis.com%2F${log}`,
      severity: code === 0 ? 'INFO' : 'ERROR',
      resource: {
        type: version === undefined ? 'cloudkms_cryptokey' : 'cloudkms_cryptokeyversion',
        labels: {
          ...{ project_id: project, location, key_ring_id: ring, crypto_key_id: key },
          ...(version !== undefined && { crypto_key_version_id: version }),
        },
      },
      protoPayload: {
        '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
        status: code === 0 ? {} : { code, message: details },
        authenticationInfo: { principalEmail: identity },
        requestMetadata: {
          callerIp: '127.0.0.1',
          callerSuppliedUserAgent: `${userAgent},gzip(gfe)`,
          requestAttributes: { ...(reason !== undefined && this.isReasonLogged && { reason }), auth: {} },
          destinationAttributes: {},
        },
        serviceName: 'cloudkms.googleapis.com',
        methodName: operation,
        authorizationInfo: [{ resource: resourceName, permission, ...(!isDenied && { granted: true }) }],
        resourceName,
        request: { name: resourceName },
      },
    }
  }

  /** With nanoseconds, and no two alike. */
  #timeOf(date: Date): string {
    return date.toISOString().replace('Z', `${String(this.#count++ % 1_000_000).padStart(6, '0')}Z`)
  }
}
