import { createHmac, randomBytes } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import type { HttpReply, HttpRequest } from '../http-kms-server.js'

/** What an operator has told the audit device to write down of a request. */
const HEADERS = ['user-agent', 'x-waxseal-call']

/** The audit device of Vault: two lines for each request, with an HMAC of every text of it and numbers in the clear. */
export class VaultAuditFile {
  readonly #path: string
  readonly #key = randomBytes(32)

  constructor(path: string) {
    this.#path = path
  }

  /** Before anybody has the answer, as Vault does. */
  write({ message, body, requestId }: HttpRequest, reply: HttpReply, token: string): void {
    const answered = parse(Buffer.from(reply.body).toString())
    const path = String(message.url).replace(/^\/v1\//, '')
    const mount = `${path.split('/')[0]}/`
    const common = {
      time: new Date().toISOString(),
      auth: {
        ...{ client_token: this.#hmac(token), accessor: this.#hmac(`accessor of ${token}`) },
        ...{ display_name: 'token', policies: ['default'], token_type: 'service' },
      },
      request: {
        ...{ id: requestId, operation: message.method === 'GET' ? 'read' : 'update', path },
        ...{ mount_point: mount, mount_type: mount.slice(0, -1), namespace: { id: 'root' } },
        client_token: this.#hmac(token),
        headers: heard(message.headers),
        ...{ remote_address: message.socket.remoteAddress, remote_port: message.socket.remotePort },
        data: this.#hidden(parse(body.toString())),
      },
    }
    const errors = answered?.['errors'] as readonly string[] | undefined
    const response = {
      response: { mount_type: mount.slice(0, -1), data: this.#hidden(answered?.['data']) },
      ...(reply.status >= 400 && { error: errors?.[0] ?? 'unsupported path' }),
    }
    const lines = [
      { type: 'request', ...common },
      { type: 'response', ...common, ...response },
    ]
    appendFileSync(this.#path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  }

  #hidden(value: unknown): unknown {
    if (typeof value === 'string') return this.#hmac(value)
    if (Array.isArray(value)) return value.map((each) => this.#hidden(each))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, this.#hidden(each)]))
  }

  #hmac(text: string): string {
    return `hmac-sha256:${createHmac('sha256', this.#key).update(text).digest('hex')}`
  }
}

function heard(headers: IncomingHttpHeaders): Record<string, string[]> {
  return Object.fromEntries(
    HEADERS.flatMap((name) => (headers[name] === undefined ? [] : [[name, [String(headers[name])]]])),
  )
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  return text === '' ? undefined : JSON.parse(text)
}
