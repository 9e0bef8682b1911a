import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { bodyOf, type Listener, listen } from './http-listener.js'
import type { PlannedServerFault } from './server-faults.js'
import type { TestKmsServer } from './test-kms-server.js'

type Command = (server: TestKmsServer, body: unknown) => unknown

/** What a test server can be told while it runs, by those who cannot reach it in their own process. */
const COMMANDS: Readonly<Record<string, Command>> = {
  'GET /calls': ({ calls }) => calls,
  'POST /faults': ({ faults }, body) => faults.add(body as PlannedServerFault),
  'DELETE /faults': ({ faults }) => faults.clear(),
  'POST /clock'(server, body) {
    const { advanceMs, ...others } = body as { advanceMs?: unknown }
    if (!Number.isSafeInteger(advanceMs) || Object.keys(others).length > 0) {
      throw new TypeError('expected {"advanceMs": <whole number>}')
    }
    server.advance(advanceMs as number)
  },
}

/**
 * Commands over HTTP for a server that runs by itself: 200 with JSON, 204 without a result, 400 with `{"error": …}` for what
 * is not understood. On the loopback interface only, and no page of a browser is answered.
 */
export function serveControl(server: TestKmsServer, port?: number): Promise<Listener> {
  const handle = async (message: IncomingMessage, response: ServerResponse) => {
    // A page that somebody opens could otherwise send commands to a port of theirs.
    const run = message.headers.origin === undefined ? COMMANDS[`${message.method} ${message.url}`] : undefined
    try {
      if (!run) throw new TypeError(`expected one of ${Object.keys(COMMANDS).join(', ')}`)
      const body = await bodyOf(message)
      const result = run(server, body.length === 0 ? {} : JSON.parse(body.toString()))
      const headers = { 'content-type': 'application/json' }
      if (result === undefined) response.writeHead(204).end()
      else response.writeHead(200, headers).end(`${JSON.stringify(result)}\n`)
    } catch (error) {
      response.writeHead(400, { 'content-type': 'application/json' })
      response.end(`${JSON.stringify({ error: (error as Error).message })}\n`)
    }
  }
  return listen(
    createServer((message, response) => void handle(message, response)),
    port,
  )
}
