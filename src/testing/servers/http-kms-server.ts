import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'
import { bodyOf, listen } from './http-listener.js'
import { type ServerFault, ServerFaults } from './server-faults.js'
import type { ServerCall } from './test-kms-server.js'

export interface HttpReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

export interface HttpRequest {
  readonly message: IncomingMessage
  readonly body: Buffer
  readonly requestId: string
}

/** What is particular to a vendor whose KMS speaks HTTP. */
export interface HttpProtocol {
  /** The vendor's name of the operation, and who calls. */
  callOf(message: IncomingMessage): { readonly operation: string; readonly identity: string }
  perform(request: HttpRequest): Promise<HttpReply> | HttpReply
  /** The vendor's answer instead of a result. */
  refuse(fault: Extract<ServerFault, { fault: 'server error' | 'throttle' | 'deny' }>, request: HttpRequest): HttpReply
  /** A reply of the same form with another data key in it. */
  exchangeKey(reply: HttpReply): HttpReply
  /** `ok`, or the vendor's code of a refusal. */
  statusOf(reply: HttpReply): string
}

export interface HttpKmsServer {
  readonly port: number
  readonly faults: ServerFaults
  readonly calls: readonly ServerCall[]
  close(): Promise<void>
}

export interface HttpKmsServerOptions {
  readonly port?: number
  /** Certificate and key: HTTPS. */
  readonly tls?: ServerOptions
}

/** Serves one vendor's protocol on the loopback interface, with faults and a list of the calls. */
export async function serveHttpKms(
  protocol: HttpProtocol,
  { port, tls }: HttpKmsServerOptions = {},
): Promise<HttpKmsServer> {
  const faults = new ServerFaults()
  const calls: ServerCall[] = []
  const handle = async (message: IncomingMessage, response: ServerResponse) => {
    const { operation, identity } = protocol.callOf(message)
    const call: ServerCall = { operation, identity, requestId: randomUUID() }
    calls.push(call)
    const request = { message, body: await bodyOf(message), requestId: call.requestId }
    const fault = faults.take(operation, identity)
    const reply = await answer(protocol, request, fault)
    if (fault?.fault === 'lost reply') {
      response.destroy()
      return
    }
    call.status = protocol.statusOf(reply)
    response.writeHead(reply.status, reply.headers).end(reply.body)
  }
  const onRequest = (message: IncomingMessage, response: ServerResponse) => {
    // A client that went away in mid-request, or a request that is too large.
    handle(message, response).catch(() => response.destroy())
  }
  const listener = await listen(tls ? createTlsServer(tls, onRequest) : createServer(onRequest), port)
  return { port: listener.port, faults, calls, close: () => listener.close() }
}

async function answer(
  protocol: HttpProtocol,
  request: HttpRequest,
  fault: ServerFault | undefined,
): Promise<HttpReply> {
  switch (fault?.fault) {
    case 'hang':
      return new Promise(() => undefined)
    case 'server error':
    case 'throttle':
    case 'deny':
      return protocol.refuse(fault, request)
    case 'latency':
      await pause(fault.ms)
      return protocol.perform(request)
    case 'wrong key':
      return protocol.exchangeKey(await protocol.perform(request))
    default:
      return protocol.perform(request)
  }
}

/** Passes a request on to another server of the same protocol, such as an emulator, which then can have faults as well. */
export async function forward(upstream: string, { message, body }: HttpRequest): Promise<HttpReply> {
  const { host: _, connection: __, 'content-length': ___, 'transfer-encoding': ____, ...headers } = message.headers
  const { method = 'GET', url = '/' } = message
  const response = await fetch(new URL(url, upstream), {
    method,
    // The other server may end a connection that is idle just when it is used again.
    headers: { ...(headers as Record<string, string>), connection: 'close' },
    ...(body.length > 0 && { body }),
    redirect: 'manual',
  })
  const received = Object.fromEntries(response.headers)
  // Decoded by fetch already.
  for (const name of ['content-encoding', 'content-length', 'transfer-encoding', 'connection']) delete received[name]
  return { status: response.status, headers: received, body: new Uint8Array(await response.arrayBuffer()) }
}
