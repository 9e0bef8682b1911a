import { createServer } from 'node:http'
import { givenToken, VaultHttpClient, VaultLogin, VaultProvider } from '../../providers/vault/index.js'
import { bodyOf, listen } from '../../src/testing/servers/http-listener.js'

export interface StubRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: any
}

export interface StubReply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** An HTTP server that answers what a test wants: what no Vault should, and what one says in rare states. */
export async function stubVault(answer: (request: StubRequest) => StubReply) {
  const requests: StubRequest[] = []
  const server = createServer(async (message, response) => {
    const text = (await bodyOf(message)).toString()
    const { method = '', url = '', headers } = message
    const request = { method, headers, path: url.replace('/v1/', ''), body: text === '' ? undefined : JSON.parse(text) }
    // The question that a token is asked at first.
    const {
      status = 200,
      headers: sent = {},
      body,
    } = request.path === 'auth/token/lookup-self' ? { body: { data: { ttl: 0 } } } : answer(request)
    if (request.path !== 'auth/token/lookup-self') requests.push(request)
    response.writeHead(status, sent).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  const { port, close } = await listen(server)
  const client = new VaultHttpClient({ address: `http://127.0.0.1:${port}` })
  const login = new VaultLogin(
    client,
    givenToken(async () => 'test token', false),
  )
  return { port, close, requests, provider: new VaultProvider({ client, login, key: 'transit/stub' }) }
}

/** What Vault says about a key that can be used. */
export const STUB_KEY = { name: 'stub', type: 'aes256-gcm96', derived: true, latest_version: 1 }
