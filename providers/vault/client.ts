import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { ConfigurationError } from '../../src/errors.js'
import { type Clock, systemClock } from '../../src/kms/clock.js'
import { parseNamespace } from './key-path.js'

export interface VaultRequest {
  readonly method: 'GET' | 'POST'
  /** Below `/v1/`. */
  readonly path: string
  readonly token?: string
  readonly body?: object
  /** Sent as `x-waxseal-call`, which the audit log shows where its operator lists that header. */
  readonly callToken?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface VaultReply {
  readonly status: number
  /** The parsed JSON; undefined where there is none. */
  readonly body: unknown
  readonly retryAfterMs?: number
}

/** The way to one Vault, in one namespace. */
export interface VaultClient {
  /** `''`: the root namespace. */
  readonly namespace: string
  /** Resolves to any reply, refusals and redirects included. Rejects where none came, or with the reason of the signal. */
  send(request: VaultRequest): Promise<VaultReply>
}

export interface VaultHttpOptions {
  /** Such as `https://vault.example.com:8200`. */
  readonly address: string
  /** Default: the root namespace. */
  readonly namespace?: string
  /** Certificates in PEM that are trusted instead of those of the system. */
  readonly ca?: string
  /** Default: that of the system. Tests pass one that they move by hand. */
  readonly clock?: Clock
}

/** A call that is not answered by then is not answered at all. */
const CONNECTION_TIMEOUT_MS = 1_000
const HEADERS_TIMEOUT_MS = 3_500
const TOTAL_TIMEOUT_MS = 4_000
/** More than the calls in flight that an operation makes. */
const MAX_SOCKETS = 200
/** More than a batch of rewrapped data keys needs. */
const MAX_REPLY_BYTES = 1024 * 1024

/** By Node's own HTTP client: connections are kept, a redirect is a reply like any other, and nothing is tried again. */
export class VaultHttpClient implements VaultClient {
  readonly namespace: string
  readonly #base: URL
  readonly #headers: Readonly<Record<string, string>>
  readonly #open: (url: URL, method: string, headers: Readonly<Record<string, string>>) => ClientRequest
  readonly #clock: Clock

  constructor({ address, namespace = '', ca, clock = systemClock }: VaultHttpOptions) {
    this.#base = parseAddress(address)
    this.namespace = namespace === '' ? '' : parseNamespace(namespace)
    this.#clock = clock
    this.#headers = {
      // A Vault Agent with `require_request_header` refuses calls without it: no page of a browser can send it.
      'X-Vault-Request': 'true',
      ...(this.namespace !== '' && { 'X-Vault-Namespace': this.namespace }),
    }
    const pool = { keepAlive: true, maxSockets: MAX_SOCKETS }
    if (this.#base.protocol === 'https:') {
      const agent = new HttpsAgent({ ...pool, ...(ca !== undefined && { ca }) })
      this.#open = (url, method, headers) => requestHttps(url, { agent, method, headers })
    } else {
      const agent = new HttpAgent(pool)
      this.#open = (url, method, headers) => requestHttp(url, { agent, method, headers })
    }
  }

  async send({ method, path, token, body, callToken, signal }: VaultRequest): Promise<VaultReply> {
    signal?.throwIfAborted()
    const headers = {
      ...this.#headers,
      ...(token !== undefined && { 'X-Vault-Token': token }),
      ...(callToken !== undefined && { 'x-waxseal-call': callToken }),
    }
    return new Promise((resolve, reject) => {
      const request = this.#open(new URL(`/v1/${path}`, this.#base), method, headers)
      const stop = (reason: unknown) => {
        // Before the connection is: what Node makes of that is of no interest.
        reject(reason)
        request.destroy()
      }
      const timeOut = (what: string) => stop(Object.assign(new Error(what), { code: VAULT_TIMEOUT }))
      let answered = false
      // One timer for both limits: nearly every call ends before either.
      let cancel = this.#clock.after(HEADERS_TIMEOUT_MS, () => {
        if (!answered) return timeOut('no reply in time')
        cancel = this.#clock.after(TOTAL_TIMEOUT_MS - HEADERS_TIMEOUT_MS, () => timeOut('no complete reply in time'))
      })
      const onAbort = () => stop(signal?.reason)
      signal?.addEventListener('abort', onAbort, { once: true })
      request.once('socket', (socket) => {
        if (!socket.connecting) return
        const connected = this.#clock.after(CONNECTION_TIMEOUT_MS, () => timeOut('no connection in time'))
        socket.once(this.#base.protocol === 'https:' ? 'secureConnect' : 'connect', connected)
        socket.once('close', connected)
      })
      request.once('response', (reply) => {
        answered = true
        received(reply).then(resolve, stop)
      })
      request.once('error', reject)
      request.once('close', () => {
        cancel()
        signal?.removeEventListener('abort', onAbort)
      })
      request.end(body && JSON.stringify(body))
    })
  }
}

/** The code of the error where no reply came in time. */
export const VAULT_TIMEOUT = 'VAULT_TIMEOUT'

/** By events: iterating over the reply would cost more than all else that is done for a call. */
function received(reply: IncomingMessage): Promise<VaultReply> {
  const chunks: Buffer[] = []
  let size = 0
  const retryAfter = Number(reply.headers['retry-after'])
  return new Promise((resolve, reject) => {
    reply.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > MAX_REPLY_BYTES) reject(new RangeError('the reply is too long'))
      else chunks.push(chunk)
    })
    reply.once('error', reject)
    reply.once('end', () => {
      const status = reply.statusCode as number
      resolve({ status, body: parse(chunks), ...(retryAfter > 0 && { retryAfterMs: retryAfter * 1_000 }) })
    })
  })
}

/** The bytes are zeroed: a reply can hold a data key. The string that JSON is parsed from cannot be. */
function parse(chunks: readonly Buffer[]): unknown {
  const bytes = Buffer.concat(chunks)
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  } finally {
    for (const each of [...chunks, bytes]) each.fill(0)
  }
}

function parseAddress(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const isAddress = url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.hash
  if (isAddress && !url.username && !url.password) return url
  // Not repeated: it may hold a password.
  throw new ConfigurationError('provider "vault": "address" must be a URL such as https://vault.example.com:8200')
}
