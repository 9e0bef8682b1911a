import { Agent, request } from 'node:http'
import { canonicalContext } from 'waxseal/kms'
import { connectVault } from 'waxseal/providers/vault'
import { CONTEXT, type ConnectedVendor, surrounded } from './connected.js'
import type { KmsServer } from './server.js'

const TIMEOUT_MS = 4_000

export async function connectedVault({ endpoint }: KmsServer): Promise<ConnectedVendor> {
  const post = async (path: string, body: object) => {
    const response = await fetch(`${endpoint}/v1/transit/${path}`, {
      method: 'POST',
      headers: { 'X-Vault-Request': 'true', 'X-Vault-Token': 'root' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (!response.ok) throw new Error(`Vault answered ${response.status}`)
    return ((await response.json()) as { data: Record<string, string> }).data
  }
  const contextOf = () => canonicalContext(CONTEXT).toString('base64')
  await fetch(`${endpoint}/v1/transit/keys/key`, {
    method: 'POST',
    headers: { 'X-Vault-Token': 'root' },
    body: JSON.stringify({ derived: true }),
  })
  const provider = surrounded(await connectVault({ address: endpoint, token: 'root', key: 'transit/key' }))
  const { dataKey, wrapped } = await provider.generateDataKey(CONTEXT)
  const plaintext = dataKey.withBytes((bytes) => Buffer.from(bytes))
  const ciphertext = Buffer.from(wrapped.bytes).toString()
  return {
    requests: { generateDataKey: 1, wrap: 1, unwrap: 1, rewrap: 1 },
    ...{ provider, dataKey, wrapped },
    besides: [
      {
        id: 'http',
        title: 'Vault: unwrap(), against node:http',
        over: () => provider.unwrap(wrapped, CONTEXT),
        async base() {
          const body = JSON.stringify({ ciphertext, context: contextOf() })
          const { data } = await postByHttp(`${endpoint}/v1/transit/decrypt/key`, body)
          return Buffer.from(data['plaintext']!, 'base64')
        },
      },
    ],
    bare: {
      async generateDataKey() {
        const data = await post('datakey/plaintext/key', { bits: 256, context: contextOf() })
        return Buffer.from(data['plaintext']!, 'base64')
      },
      wrap: () => post('encrypt/key', { plaintext: plaintext.toString('base64'), context: contextOf() }),
      async unwrap() {
        const data = await post('decrypt/key', { ciphertext, context: contextOf() })
        return Buffer.from(data['plaintext']!, 'base64')
      },
      rewrap: () => post('rewrap/key', { ciphertext, context: contextOf() }),
    },
  }
}

const agent = new Agent({ keepAlive: true })

/** The least that Node can do: half of what `fetch` takes. */
function postByHttp(url: string, body: string): Promise<{ data: Record<string, string> }> {
  return new Promise((resolve, reject) => {
    const headers = { 'X-Vault-Request': 'true', 'X-Vault-Token': 'root', 'Content-Length': Buffer.byteLength(body) }
    const sent = request(url, { method: 'POST', agent, headers, timeout: TIMEOUT_MS }, (reply) => {
      const chunks: Buffer[] = []
      reply.on('data', (chunk: Buffer) => chunks.push(chunk))
      reply.once('error', reject)
      reply.once('end', () => {
        if (reply.statusCode === 200) resolve(JSON.parse(Buffer.concat(chunks).toString()))
        else reject(new Error(`Vault answered ${reply.statusCode}`))
      })
    })
    sent.once('timeout', () => sent.destroy(new Error('no reply in time')))
    sent.once('error', reject)
    sent.end(body)
  })
}
