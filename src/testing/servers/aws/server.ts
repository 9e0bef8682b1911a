import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { forward, type HttpProtocol, type HttpReply, type HttpRequest, serveHttpKms } from '../http-kms-server.js'
import type { TestKmsServer, TestKmsServerOptions } from '../test-kms-server.js'
import { AwsRefusal, refusalOf } from './aws-refusal.js'
import { Keys } from './keys.js'
import { type AwsRequest, OPERATIONS } from './operations.js'

const REGION = 'us-east-1'
const DRY_RUN = new Set(['GenerateDataKey', 'Encrypt', 'Decrypt', 'ReEncrypt'])

/**
 * AWS KMS over its JSON protocol. Has what no emulator has: `KeyMaterialId`, `DryRun` and throttling. Takes credentials at
 * their word: the access key id is who calls. The region is that of the signature. With `upstream` it passes what meets no
 * fault on to an emulator.
 */
export async function startAwsServer({ port, upstream }: TestKmsServerOptions = {}): Promise<TestKmsServer> {
  const keys = new Keys()
  let offsetMs = 0
  const here = (request: HttpRequest) => perform(request, keys, new Date(Date.now() + offsetMs))
  const server = await serveHttpKms(
    { ...PROTOCOL, perform: upstream === undefined ? here : (request) => forward(upstream, request) },
    port === undefined ? {} : { port },
  )
  const endpoint = `http://127.0.0.1:${server.port}`
  // Test credentials: the server takes any.
  const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
  return {
    endpoint,
    environment: { AWS_ENDPOINT_URL_KMS: endpoint, AWS_REGION: REGION, ...credentials },
    faults: server.faults,
    calls: server.calls,
    advance(ms) {
      offsetMs += ms
    },
    close: server.close,
  }
}

const PROTOCOL: Omit<HttpProtocol, 'perform'> = {
  callOf: (message) => ({ operation: operationOf(message), identity: signerOf(message).identity }),
  refuse({ fault }, { message, requestId }) {
    if (fault === 'server error')
      return refusal(new AwsRefusal('KMSInternalException', 'internal error', 500), requestId)
    if (fault === 'throttle') return refusal(new AwsRefusal('ThrottlingException', 'Rate exceeded'), requestId)
    const action = `not authorized to perform: kms:${operationOf(message)}`
    return refusal(new AwsRefusal('AccessDeniedException', action), requestId)
  },
  exchangeKey(answered) {
    const result = JSON.parse(answered.body.toString())
    if ('Plaintext' in result) result.Plaintext = randomBytes(32).toString('base64')
    return { ...answered, body: JSON.stringify(result) }
  },
  statusOf: ({ status, body }) => (status === 200 ? 'ok' : String(JSON.parse(Buffer.from(body).toString()).__type)),
}

function perform({ message, body, requestId }: HttpRequest, keys: Keys, now: Date): HttpReply {
  const operation = operationOf(message)
  try {
    const request = JSON.parse(body.toString() || '{}') as AwsRequest
    const run = Object.hasOwn(OPERATIONS, operation) ? OPERATIONS[operation] : undefined
    if (!run) throw new AwsRefusal('UnknownOperationException', '')
    const result = run({ request, region: signerOf(message).region, keys, now })
    if (request['DryRun'] === true && DRY_RUN.has(operation)) {
      throw new AwsRefusal('DryRunOperationException', 'the request would have succeeded', 412)
    }
    return reply(200, result, requestId)
  } catch (error) {
    return refusal(refusalOf(error), requestId)
  }
}

function refusal({ code, message, httpStatus }: AwsRefusal, requestId: string): HttpReply {
  return reply(httpStatus, { __type: code, message }, requestId)
}

function reply(status: number, body: object, requestId: string): HttpReply {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': requestId }
  return { status, headers, body: JSON.stringify(body) }
}

function operationOf({ headers }: IncomingMessage): string {
  return String(headers['x-amz-target']).replace(/^TrentService\./, '')
}

function signerOf({ headers }: IncomingMessage): { readonly identity: string; readonly region: string } {
  const [, identity = 'nobody', region = REGION] =
    /Credential=([^/,\s]+)\/\d{8}\/([^/]+)\/kms\//.exec(headers.authorization ?? '') ?? []
  return { identity, region }
}
