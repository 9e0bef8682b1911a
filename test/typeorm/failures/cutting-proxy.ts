import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface CuttingProxy {
  /** The same database through the proxy. */
  listen(url: string): Promise<string>
  /**
   * Cuts the connection over which the first message with `text` goes: before it reaches the server, or once the server has
   * answered it, before the answer reaches the client.
   */
  cut(text: string, when: 'before' | 'after'): void
  /** Cuts every connection, and every new one, until `open`: the server is away. */
  shut(): void
  open(): void
  /** From now on clients are told of another session than the one that serves them, as a pooler does. */
  hideSessions(): void
  close(): void
}

/** The message that names the session, up to its process id. */
const BACKEND_KEY = Buffer.from([0x4b, 0, 0, 0, 12])

/** Stands between a client and the server, and breaks their connection as a network does. */
export function cuttingProxy(): CuttingProxy {
  const sockets = new Set<Socket>()
  let target: URL
  let planned: { readonly text: string; readonly when: 'before' | 'after' } | undefined
  let isShut = false
  let areHidden = false
  const server = createServer((client) => {
    if (isShut) return void client.destroy()
    const upstream = connect(Number(target.port), target.hostname)
    let loseAnswer = false
    const cut = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', cut)
      socket.on('close', cut)
    }
    client.on('data', (chunk) => {
      const isPlanned = planned !== undefined && chunk.includes(planned.text)
      const { when } = planned ?? {}
      if (isPlanned) planned = undefined
      if (isPlanned && when === 'before') return cut()
      loseAnswer ||= isPlanned
      upstream.write(chunk)
    })
    let isHidden = areHidden
    upstream.on('data', (chunk: Buffer) => {
      const at = isHidden ? chunk.indexOf(BACKEND_KEY) : -1
      if (at >= 0) chunk.writeInt32BE(1, at + BACKEND_KEY.length)
      isHidden &&= at < 0
      if (loseAnswer) cut()
      else client.write(chunk)
    })
  })
  return {
    async listen(url) {
      target = new URL(url)
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const through = new URL(url)
      through.port = String((server.address() as AddressInfo).port)
      return through.href
    },
    cut(text, when) {
      planned = { text, when }
    },
    shut() {
      isShut = true
      for (const socket of sockets) socket.destroy()
    },
    open() {
      isShut = false
    },
    hideSessions() {
      areHidden = true
    },
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
