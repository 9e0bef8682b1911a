import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { ConfigurationError } from '../../../errors.js'

/** A message as the service definition makes it: enums as names, 64-bit integers as text. */
export type Message = Record<string, unknown>

export interface GrpcMetadata {
  get(key: string): readonly (string | Buffer)[]
  remove(key: string): void
}

export interface GrpcMethod {
  readonly path: string
  readonly originalName: string
  readonly requestSerialize: (message: Message) => Buffer
  readonly requestDeserialize: (bytes: Buffer) => Message
  readonly responseSerialize: (message: Message) => Buffer
  readonly responseDeserialize: (bytes: Buffer) => Message
}

export type GrpcService = Readonly<Record<string, GrpcMethod>>

export interface GrpcStatus {
  readonly code: number
  readonly details: string
}

export interface GrpcServerCall {
  readonly request: Message
  readonly metadata: GrpcMetadata
  getPeer(): string
}

export type AnswerGrpcCall = (
  call: GrpcServerCall,
  callback: (error: GrpcStatus | null, reply?: Message) => void,
) => void

export interface GrpcClient {
  makeUnaryRequest(
    path: string,
    serialize: (message: Message) => Buffer,
    deserialize: (bytes: Buffer) => Message,
    request: Message,
    metadata: GrpcMetadata,
    callback: (error: GrpcStatus | null, reply?: Message) => void,
  ): void
  close(): void
}

/** The part of `@grpc/grpc-js` that is used. */
export interface Grpc {
  readonly Server: new () => {
    addService(service: GrpcService, answers: Readonly<Record<string, AnswerGrpcCall>>): void
    createConnectionInjector(credentials: object): { injectConnection(connection: Duplex): void }
    forceShutdown(): void
  }
  readonly ServerCredentials: { createInsecure(): object }
  readonly Client: new (address: string, credentials: object) => GrpcClient
  readonly credentials: { createInsecure(): object }
}

export interface GcpGrpc {
  readonly grpc: Grpc
  readonly kms: GrpcService
  readonly iam: GrpcService
}

/** As the SDK decodes. */
const DECODING = { keepCase: false, longs: String, enums: String, defaults: true, oneofs: true }

/** gRPC and the service definitions, from the SDK that the application has installed: what it speaks is what is served. */
export function loadGcpGrpc(): GcpGrpc {
  try {
    const application = createRequire(join(process.cwd(), 'package.json'))
    const sdk = createRequire(application.resolve('@google-cloud/kms'))
    const gax = createRequire(sdk.resolve('google-gax'))
    const { fromJSON } = gax('@grpc/proto-loader') as {
      fromJSON(json: object, options: object): Readonly<Record<string, GrpcService>>
    }
    const definitions = fromJSON(sdk('../protos/protos.json') as object, DECODING)
    const iam = fromJSON(gax('../protos/iam_service.json') as object, DECODING)
    return {
      grpc: gax('@grpc/grpc-js') as Grpc,
      kms: definitions['google.cloud.kms.v1.KeyManagementService'] as GrpcService,
      iam: iam['google.iam.v1.IAMPolicy'] as GrpcService,
    }
  } catch (cause) {
    throw new ConfigurationError(
      'the test server of Google Cloud KMS serves what the SDK speaks; install it: npm install --save-dev @google-cloud/kms',
      { cause },
    )
  }
}
