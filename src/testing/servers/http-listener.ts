import { once } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The largest request that a KMS takes, and more. */
const MAX_BODY_BYTES = 1024 * 1024

export interface Listener {
  readonly port: number
  /** Ends every connection, those that wait for an answer too. */
  close(): Promise<void>
}

/** Listens on the loopback interface only. Rejects when the port is taken. */
export async function listen(server: Server, port = 0): Promise<Listener> {
  // A connection that the server ends because it was idle may be one that a client is about to use again.
  server.keepAliveTimeout = 0
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw new RangeError(`a request has at most ${MAX_BODY_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
