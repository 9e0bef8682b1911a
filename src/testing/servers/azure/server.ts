import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forward, type HttpProtocol, type HttpReply, type HttpRequest, serveHttpKms } from '../http-kms-server.js'
import type { TestKmsServer, TestKmsServerOptions } from '../test-kms-server.js'
import { AzureAuditLog } from './audit-log.js'
import { AzureRefusal, refusalOf } from './azure-refusal.js'
import { loopbackCertificate } from './certificate.js'
import { Keys } from './keys.js'
import { isOfManagement, ManagementDocuments } from './management.js'
import { type AzureRequest, OPERATIONS } from './operations.js'
import { routeOf } from './routes.js'

const TENANT = '00000000-0000-0000-0000-000000000000'
const CHALLENGE = `Bearer authorization="https://login.microsoftonline.com/${TENANT}", resource="https://vault.azure.net"`
/** A token of any text is taken, and is who calls. */
const TEST_TOKEN = 'test'
const DATA_KEY_BYTES = 32

/** With what the audit log would have of its requests. */
export interface AzureTestServer extends TestKmsServer {
  readonly log: AzureAuditLog
  /** Azure Resource Manager is at the same place. */
  readonly management: ManagementDocuments
  /** For another server that its clients are to trust. */
  readonly tls: { readonly cert: string; readonly key: string }
  now(): Date
}

/**
 * Azure Key Vault over HTTPS, with a certificate of its own. Without a token it answers with the challenge that the SDK
 * waits for; a token is taken at its word: it, or the object id in it, is who calls. With `upstream` it passes what meets
 * no fault on to another server. Certificate and test token lie in a folder that goes with the server; keys never do.
 */
export async function startAzureServer({ port, upstream }: TestKmsServerOptions = {}): Promise<AzureTestServer> {
  const keys = new Keys()
  const tls = loopbackCertificate()
  let [offsetMs, endpoint] = [0, '']
  const now = () => new Date(Date.now() + offsetMs)
  const log = new AzureAuditLog(now, () => endpoint)
  const management = new ManagementDocuments()
  const here = (request: HttpRequest) =>
    perform(request, { keys, management, vaultUrl: endpoint, now: now().getTime() })
  const answer = upstream === undefined ? here : (request: HttpRequest) => forward(upstream, request)
  const logged = (request: HttpRequest, { status }: HttpReply) => {
    if (!isOfManagement(request.message)) log.write(answeredRequest(request, status))
  }
  const server = await serveHttpKms(
    {
      ...PROTOCOL,
      async perform(request) {
        const answered = await answer(request)
        logged(request, answered)
        return answered
      },
      refuse(fault, request) {
        const refused = PROTOCOL.refuse(fault, request)
        logged(request, refused)
        return refused
      },
    },
    { tls, ...(port !== undefined && { port }) },
  )
  endpoint = `https://127.0.0.1:${server.port}`
  const folder = await mkdtemp(join(tmpdir(), 'waxseal-test-azure-'))
  const [caFile, tokenFile] = [join(folder, 'ca.pem'), join(folder, 'token')]
  await writeFile(caFile, tls.cert)
  await writeFile(tokenFile, TEST_TOKEN, { mode: 0o600 })
  return {
    endpoint,
    environment: {
      WAXSEAL_AZURE_VAULT_URL: endpoint,
      WAXSEAL_AZURE_CA_FILE: caFile,
      WAXSEAL_AZURE_TOKEN_FILE: tokenFile,
      NODE_EXTRA_CA_CERTS: caFile,
    },
    faults: server.faults,
    calls: server.calls,
    ...{ log, management, tls, now },
    advance(ms) {
      offsetMs += ms
    },
    async close() {
      await server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const PROTOCOL: Omit<HttpProtocol, 'perform'> = {
  callOf(message) {
    const identity = identityOf(message)
    return identity === undefined
      ? { operation: 'Authentication', identity: 'nobody' }
      : { operation: isOfManagement(message) ? 'Management' : routeOf(message).operation, identity }
  },
  refuse(fault, { requestId }) {
    if (fault.fault === 'server error') return refusal(refusalOf(undefined), requestId)
    if (fault.fault === 'deny') {
      const message = 'Caller is not authorized to perform action on resource.'
      return refusal(new AzureRefusal(403, 'Forbidden', message, 'ForbiddenByRbac'), requestId)
    }
    const throttled = refusal(new AzureRefusal(429, 'Throttled', 'Request was not processed: too many'), requestId)
    if (fault.retryAfterMs === undefined) return throttled
    const headers = { ...throttled.headers, 'retry-after': String(Math.ceil(fault.retryAfterMs / 1_000)) }
    return { ...throttled, headers }
  },
  exchangeKey(answered) {
    const result = JSON.parse(answered.body.toString())
    if (typeof result.value !== 'string') return answered
    // What follows the data key stays as it is, so that it looks right to whoever binds something to it.
    const rest = Buffer.from(result.value, 'base64url').subarray(DATA_KEY_BYTES)
    const value = Buffer.concat([randomBytes(DATA_KEY_BYTES), rest]).toString('base64url')
    return { ...answered, body: JSON.stringify({ ...result, value }) }
  },
  statusOf({ status, body }) {
    if (status === 200) return 'ok'
    const { error } = JSON.parse(Buffer.from(body).toString() || '{}')
    return String(error?.innererror?.code ?? error?.code ?? status)
  },
}

function answeredRequest({ message, requestId }: HttpRequest, status: number) {
  const { name, version } = routeOf(message)
  return {
    ...{ requestId, status, url: message.url ?? '/', identity: identityOf(message) },
    operation: PROTOCOL.callOf(message).operation,
    userAgent: message.headers['user-agent'] ?? '',
    key: [name, version].filter((part) => part !== '').join('/'),
  }
}

async function perform(
  { message, body, requestId }: HttpRequest,
  { keys, management, vaultUrl, now }: { keys: Keys; management: ManagementDocuments; vaultUrl: string; now: number },
): Promise<HttpReply> {
  try {
    if (identityOf(message) === undefined) {
      const challenge = refusal(new AzureRefusal(401, 'Unauthorized', 'AKV10000: no token'), requestId)
      return { ...challenge, headers: { ...challenge.headers, 'www-authenticate': CHALLENGE } }
    }
    if (isOfManagement(message)) return reply(200, management.answer(message), requestId)
    const route = routeOf(message)
    const request = JSON.parse(body.toString() || '{}') as AzureRequest
    const result = await OPERATIONS[route.operation]?.({ route, request, keys, vaultUrl, now })
    return reply(200, result ?? {}, requestId)
  } catch (error) {
    return refusal(refusalOf(error), requestId)
  }
}

function refusal({ httpStatus, code, message, innerCode }: AzureRefusal, requestId: string): HttpReply {
  const error = { code, message, ...(innerCode !== undefined && { innererror: { code: innerCode } }) }
  return reply(httpStatus, { error }, requestId)
}

function reply(status: number, body: object, requestId: string): HttpReply {
  const headers = { 'content-type': 'application/json; charset=utf-8', 'x-ms-request-id': requestId }
  return { status, headers, body: JSON.stringify(body) }
}

/** The object id of a token of Entra ID, or the text of a token that is none; undefined without a token. */
function identityOf({ headers }: IncomingMessage): string | undefined {
  const token = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1]
  const payload = token?.split('.')[1]
  if (payload === undefined) return token
  try {
    return String(JSON.parse(Buffer.from(payload, 'base64url').toString()).oid)
  } catch {
    return token
  }
}
