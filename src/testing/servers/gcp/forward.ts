import type { GcpGrpc } from './grpc.js'
import type { PerformGrpc } from './grpc-kms-server.js'
import { GcpRefusal } from './refusal.js'

/** Passes calls on to another server of the same protocol, such as an emulator, which then can have faults as well. */
export function forwardTo(upstream: string, { grpc }: GcpGrpc): { readonly perform: PerformGrpc; close(): void } {
  const client = new grpc.Client(upstream, grpc.credentials.createInsecure())
  return {
    perform({ method, message, call }) {
      // Of this connection, not of the next.
      for (const name of ['user-agent', 'content-type', 'te', 'grpc-accept-encoding']) call.metadata.remove(name)
      const { path, requestSerialize, responseDeserialize } = method
      return new Promise((resolve, reject) => {
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, message, call.metadata, (error, reply) => {
          if (error) reject(new GcpRefusal(error.code, error.details))
          else resolve(reply ?? {})
        })
      })
    },
    close: () => client.close(),
  }
}
