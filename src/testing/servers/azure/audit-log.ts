/** A request that was answered. */
export interface AnsweredRequest {
  readonly operation: string
  readonly identity: string | undefined
  readonly userAgent: string
  readonly requestId: string
  /** Path and query. */
  readonly url: string
  /** `<name>/<version>`, or empty. */
  readonly key: string
  readonly status: number
}

export type LogRecord = Readonly<Record<string, unknown>>

export interface WrittenRecord {
  readonly record: LogRecord
  readonly arrivedAt: Date
}

const SIGNATURES: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
}

/**
 * What a diagnostic setting would send of the requests: with the delay of its delivery, without what gets lost, and always
 * with `resultType` `Success`, whatever became of them.
 */
export class AzureAuditLog {
  /** Off in a vault that nobody has made a diagnostic setting for. */
  isOn = true
  /** From the request to where records are read. */
  delayMs = 5 * 60_000
  loses: (request: AnsweredRequest) => boolean = () => false
  /** Some records have no id of a request. */
  hasNoRequestId: (request: AnsweredRequest) => boolean = () => false
  readonly #now: () => Date
  readonly #vaultUrl: () => string
  #written: WrittenRecord[] = []
  #count = 0

  constructor(now: () => Date, vaultUrl: () => string) {
    this.#now = now
    this.#vaultUrl = vaultUrl
  }

  write(request: AnsweredRequest): void {
    if (!this.isOn || this.loses(request)) return
    this.append(this.#recordOf(request))
  }

  /** A record of somebody else's making, such as that of a diagnostic setting that was deleted. */
  append(record: LogRecord, delayMs = this.delayMs): void {
    const at = this.#now()
    const time = at.toISOString().replace('Z', `${String(this.#count++ % 10_000).padStart(4, '0')}Z`)
    this.#written.push({ record: { time, ...record }, arrivedAt: new Date(at.getTime() + delayMs) })
  }

  clear(): void {
    this.#written = []
  }

  /** What can be read now, as it arrived. */
  get records(): readonly WrittenRecord[] {
    const now = this.#now()
    return this.#written
      .filter(({ arrivedAt }) => arrivedAt <= now)
      .sort((a, b) => a.arrivedAt.getTime() - b.arrivedAt.getTime())
  }

  #recordOf(request: AnsweredRequest): LogRecord {
    const { operation, identity, userAgent, requestId, url, key, status } = request
    return {
      category: 'AuditEvent',
      operationName: operation,
      operationVersion: '2025-07-01',
      resultType: 'Success',
      resultSignature: SIGNATURES[status] ?? String(status),
      resultDescription: '',
      durationMs: '12',
      callerIpAddress: '127.0.0.1',
      correlationId: this.hasNoRequestId(request) ? '' : requestId,
      identity: identity === undefined ? {} : { claim: { oid: identity, appid: `app-${identity}`, idtyp: 'app' } },
      properties: {
        ...(key !== '' && { id: `${this.#vaultUrl()}/keys/${key}` }),
        clientInfo: userAgent,
        requestUri: `${this.#vaultUrl()}${url}`,
        httpStatusCode: status,
        tlsVersion: 'TLS1_3',
      },
    }
  }
}
