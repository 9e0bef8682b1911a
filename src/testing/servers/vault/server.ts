import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { forward, type HttpProtocol, type HttpReply, type HttpRequest, serveHttpKms } from '../http-kms-server.js'
import type { TestKmsServer, TestKmsServerOptions } from '../test-kms-server.js'
import { VaultAuditFile } from './audit-file.js'
import { TransitKeys } from './keys.js'
import { OPERATIONS } from './operations.js'
import { Tokens } from './tokens.js'
import { refusalOf, VaultRefusal } from './vault-refusal.js'

const MOUNT = 'transit'
const TRANSIT = /^\/v1\/(.+)\/(datakey\/plaintext|encrypt|decrypt|rewrap|sign|keys)\/([\w.-]+)(?:\/([a-z-]+))?$/

export interface VaultServerOptions extends TestKmsServerOptions {
  /** A file that the server appends its audit log to, as an audit device of Vault does. Default: it keeps none. */
  readonly auditFile?: string
}

/**
 * The transit engine of Vault at `transit`, in any namespace, with AppRole at `auth/approle`. Takes any token at its word: the
 * token is who calls. With `upstream` it passes what meets no fault on to a Vault or an OpenBao.
 */
export async function startVaultServer({ port, upstream, auditFile }: VaultServerOptions = {}): Promise<TestKmsServer> {
  const state: State = { keys: new TransitKeys(), tokens: new Tokens(), offsetMs: 0 }
  const audit = auditFile === undefined ? undefined : new VaultAuditFile(auditFile)
  const here = (request: HttpRequest) => {
    const reply = perform(request, state)
    audit?.write(request, reply, tokenOf(request.message))
    return reply
  }
  const server = await serveHttpKms(
    { ...PROTOCOL, perform: upstream === undefined ? here : (request) => forward(upstream, request) },
    port === undefined ? {} : { port },
  )
  const endpoint = `http://127.0.0.1:${server.port}`
  return {
    endpoint,
    environment: { VAULT_ADDR: endpoint, WAXSEAL_VAULT_ADDRESS: endpoint },
    faults: server.faults,
    calls: server.calls,
    advance(ms) {
      state.offsetMs += ms
    },
    close: server.close,
  }
}

interface State {
  readonly keys: TransitKeys
  readonly tokens: Tokens
  offsetMs: number
}

const PROTOCOL: Omit<HttpProtocol, 'perform'> = {
  callOf: (message) => ({ operation: operationOf(message), identity: tokenOf(message) }),
  refuse(fault) {
    if (fault.fault === 'server error') return refusal(new VaultRefusal(500, 'internal error'))
    if (fault.fault === 'deny') return refusal(new VaultRefusal(403, '1 error occurred:\n\t* permission denied\n\n'))
    const reply = refusal(new VaultRefusal(429, 'rate limit quota exceeded'))
    if (fault.retryAfterMs === undefined) return reply
    return { ...reply, headers: { ...reply.headers, 'retry-after': String(Math.ceil(fault.retryAfterMs / 1_000)) } }
  },
  exchangeKey(answered) {
    const result = JSON.parse(Buffer.from(answered.body).toString())
    if (result.data?.plaintext) result.data.plaintext = randomBytes(32).toString('base64')
    return { ...answered, body: JSON.stringify(result) }
  },
  statusOf: ({ status }) => (status < 300 ? 'ok' : String(status)),
}

function perform({ message, body, requestId }: HttpRequest, state: State): HttpReply {
  try {
    const now = Date.now() + state.offsetMs
    const request = JSON.parse(body.toString() || '{}')
    const operation = operationOf(message)
    if (operation === 'auth/approle/login') return answer(requestId, { auth: state.tokens.login(request, now) })
    const token = tokenOf(message)
    state.tokens.assertValid(token, now)
    if (operation === 'auth/token/lookup-self') return answer(requestId, { data: state.tokens.describe(token, now) })
    if (operation === 'auth/token/renew-self') return answer(requestId, { auth: state.tokens.renew(token, now) })
    const { path, mount, name = '' } = keyOf(message)
    // Anything but the transit engine, such as `sys/capabilities-self`.
    if (mount === undefined) throw new VaultRefusal(403, 'permission denied')
    const run =
      mount === MOUNT ? OPERATIONS[`${message.method === 'PUT' ? 'POST' : message.method} ${operation}`] : undefined
    if (!run) throw new VaultRefusal(404, 'no handler for route. route entry not found.')
    const data = run({ body: request, path, name, keys: state.keys, now: new Date(now) })
    return data ? answer(requestId, { data }) : { status: 204, headers: {}, body: '' }
  } catch (error) {
    return refusal(refusalOf(error))
  }
}

function answer(requestId: string, content: object): HttpReply {
  return { status: 200, headers: JSON_TYPE, body: JSON.stringify({ request_id: requestId, ...content }) }
}

const JSON_TYPE = { 'content-type': 'application/json' }

function refusal({ httpStatus, message }: VaultRefusal): HttpReply {
  const errors = message === '' ? [] : [message]
  return { status: httpStatus, headers: JSON_TYPE, body: JSON.stringify({ errors }) }
}

/** The path without mount and key, and the last part of it for what is done to a key: `decrypt`, `keys`, `rotate`. */
function operationOf({ url = '' }: IncomingMessage): string {
  const [, , operation, , change] = TRANSIT.exec(url) ?? []
  return change ?? operation ?? url.replace(/^\/v1\//, '')
}

function keyOf({ url = '', headers }: IncomingMessage) {
  const [, mount, , name] = TRANSIT.exec(url) ?? []
  return { mount, name, path: [headers['x-vault-namespace'] ?? '', mount, name].join('/') }
}

function tokenOf({ headers }: IncomingMessage): string {
  return String(headers['x-vault-token'] ?? '')
}
