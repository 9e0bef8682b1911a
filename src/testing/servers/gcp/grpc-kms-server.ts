import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { type ServerFault, ServerFaults } from '../server-faults.js'
import type { ServerCall } from '../test-kms-server.js'
import { checksumOf } from './checksum.js'
import type { LoggedCall } from './cloud-log.js'
import type { AnswerGrpcCall, GcpGrpc, GrpcMethod, GrpcServerCall, GrpcService, Message } from './grpc.js'
import { denied, permissionOf } from './iam.js'
import { GcpRefusal, RESOURCE_EXHAUSTED, refusalOf, UNAVAILABLE } from './refusal.js'

/** A call as it arrived. */
export interface GrpcRequest {
  readonly method: GrpcMethod
  readonly message: Message
  readonly call: GrpcServerCall
  readonly identity: string
  readonly isLate: boolean
}

export type PerformGrpc = (request: GrpcRequest) => Promise<Message> | Message

export interface GrpcKmsServer {
  readonly port: number
  readonly faults: ServerFaults
  readonly calls: readonly ServerCall[]
  close(): Promise<void>
}

/** Serves the two services on the loopback interface, without TLS, with faults and a list of the calls. */
export async function serveGrpcKms(
  { grpc, kms, iam }: GcpGrpc,
  perform: PerformGrpc,
  log: { write(call: LoggedCall): void },
  port = 0,
): Promise<GrpcKmsServer> {
  const faults = new ServerFaults(['corruption', 'old version'])
  const calls: ServerCall[] = []
  const sockets = new Map<string, Socket>()
  const server = new grpc.Server()
  const answerOf =
    (method: GrpcMethod): AnswerGrpcCall =>
    (call, callback) => {
      const identity = identityOf(call)
      const [reason] = call.metadata.get('x-goog-request-reason')
      // Cloud KMS gives calls no id; what correlates them is what the caller sends.
      const record: ServerCall = { operation: method.originalName, identity, requestId: String(reason ?? randomUUID()) }
      calls.push(record)
      const fault = faults.take(method.originalName, identity)
      const request = { method, message: call.request, call, identity, isLate: fault?.fault === 'old version' }
      const [userAgent = ''] = call.metadata.get('user-agent').map(String)
      const asked = { operation: method.originalName, request: call.request, identity, userAgent }
      const logged = { ...asked, reason: reason === undefined ? undefined : String(reason) }
      answer(perform, request, fault).then(
        (reply) => {
          log.write({ ...logged, code: 0, details: '' })
          if (fault?.fault === 'lost reply') return sockets.get(call.getPeer())?.destroy()
          record.status = 'ok'
          callback(null, reply)
        },
        (error: unknown) => {
          const { code, details } = refusalOf(error)
          record.status = String(code)
          log.write({ ...logged, code, details })
          callback({ code, details })
        },
      )
    }
  for (const service of [kms, iam]) server.addService(service, answersOf(service, answerOf))
  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure())
  // Accepted here, so that a reply can be lost with its connection.
  const listener = createServer((socket) => {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`
    sockets.set(peer, socket)
    socket.on('close', () => sockets.delete(peer)).on('error', () => socket.destroy())
    injector.injectConnection(socket)
  })
  listener.listen(port, '127.0.0.1')
  await once(listener, 'listening')
  return {
    port: (listener.address() as AddressInfo).port,
    faults,
    calls,
    async close() {
      const closed = once(listener, 'close')
      listener.close()
      server.forceShutdown()
      for (const socket of sockets.values()) socket.destroy()
      await closed
    },
  }
}

function answersOf(service: GrpcService, answerOf: (method: GrpcMethod) => AnswerGrpcCall) {
  return Object.fromEntries(
    Object.values(service).map((method) => {
      const operation = upperFirst(method.originalName)
      return [method.originalName, answerOf({ ...method, originalName: operation })]
    }),
  )
}

async function answer(perform: PerformGrpc, request: GrpcRequest, fault: ServerFault | undefined): Promise<Message> {
  const { originalName: operation } = request.method
  switch (fault?.fault) {
    case 'hang':
      return new Promise(() => undefined)
    case 'server error':
      throw new GcpRefusal(UNAVAILABLE, 'The service is currently unavailable.')
    case 'throttle':
      throw new GcpRefusal(RESOURCE_EXHAUSTED, `Quota exceeded for quota metric of ${operation}.`)
    case 'deny':
      throw denied(permissionOf(operation), String(request.message['name'] ?? request.message['resource']))
    case 'latency':
      await pause(fault.ms)
      return perform(request)
    case 'wrong key':
      return exchangeKey(await perform(request))
    case 'corruption': {
      if (fault.of === 'reply') return corrupt(await perform(request), fault.field)
      return perform({ ...request, message: corrupt(request.message, fault.field) })
    }
    default:
      return perform(request)
  }
}

function corrupt(message: Message, field: string): Message {
  const value = message[field]
  if (!Buffer.isBuffer(value)) return { ...message, [field]: null }
  const bytes = Buffer.from(value)
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
  return { ...message, [field]: bytes }
}

/** With another key and the checksum of that one: a KMS that is wrong, not a network that is. */
function exchangeKey(reply: Message): Message {
  if (!('plaintext' in reply)) return reply
  const plaintext = randomBytes(32)
  return { ...reply, plaintext, plaintextCrc32c: { value: String(checksumOf(plaintext)) } }
}

/** The token of the caller; on a channel without TLS the SDK sends none: then the first word of the user agent. */
function identityOf({ metadata }: GrpcServerCall): string {
  const [authorization] = metadata.get('authorization')
  if (authorization !== undefined) return String(authorization).replace(/^Bearer /i, '')
  const [agent] = metadata.get('user-agent')
  return String(agent ?? 'nobody').split(/[ /]/, 1)[0] as string
}

function upperFirst(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}
