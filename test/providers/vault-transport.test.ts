import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { givenToken, VaultHttpClient, VaultLogin, VaultProvider } from '../../providers/vault/index.js'
import type { WaxsealError } from '../../src/errors.js'
import { DataKey } from '../../src/kms/index.js'
import { ManualClock, startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { STUB_KEY, stubVault } from './vault-stub.js'
import { vaultOperator, vaultUnderTest } from './vault-under-test.js'

let server: TestKmsServer

beforeAll(async () => {
  server = await startTestKms('vault')
})
afterAll(() => server.close())

test('ECONNRESET is for the retry, and the call is made once', async () => {
  const { provider, control } = await vaultUnderTest(server)
  const { wrapped } = await provider.generateDataKey({})
  const before = control.vendorCalls().length
  server.faults.add({ fault: 'lost reply', operation: 'decrypt', times: 1 })
  const lost = { code: 'ERR_KMS_UNAVAILABLE', reason: 'network', retryable: true }
  await expect(provider.unwrap(wrapped, {})).rejects.toMatchObject(lost)
  expect(control.vendorCalls().slice(before)).toEqual(['unwrap'])
  await expect(provider.unwrap(wrapped, {})).resolves.toBeInstanceOf(DataKey)
})

test('unversioned redirects: a redirect is refused, and the token goes to nobody else', async () => {
  const other = await stubVault(() => ({ body: { data: STUB_KEY } }))
  const location = `http://127.0.0.1:${other.port}/v1/transit/keys/stub`
  for (const status of [301, 302, 307, 308]) {
    const redirecting = await stubVault(() => ({ status, headers: { location } }))
    const refused = redirecting.provider.currentKek({})
    await expect(refused).rejects.toMatchObject({ code: 'ERR_CONFIGURATION', retryable: false })
    await expect(refused).rejects.toThrow(`answered status ${status}`)
    await redirecting.close()
  }
  expect(other.requests).toEqual([])
  await other.close()
})

test('each call says that it is no browser', async () => {
  const { provider, requests, close } = await stubVault(() => ({ body: { data: STUB_KEY } }))
  await provider.currentKek({})
  expect(requests).toMatchObject([{ headers: { 'x-vault-request': 'true', 'x-vault-token': 'test token' } }])
  await close()
})

test('the token of a call is a header, which the audit log shows where its operator lists it', async () => {
  const { provider, requests, close } = await stubVault(() => ({ body: { data: STUB_KEY } }))
  await provider.currentKek({}, { callToken: 'token-of-a-call' })
  expect(requests).toMatchObject([{ headers: { 'x-waxseal-call': 'token-of-a-call' } }])
  await close()
})

async function timesOut(address: string, reached: () => Promise<unknown>, ms: number, message: string) {
  const clock = new ManualClock()
  const client = new VaultHttpClient({ address, clock })
  let ended: unknown
  client.send({ method: 'GET', path: 'transit/keys/slow' }).catch((error: unknown) => {
    ended = error
  })
  await reached()
  await clock.advance(ms - 1)
  expect(ended).toBeUndefined()
  await clock.advance(1)
  await new Promise(setImmediate)
  expect(ended).toMatchObject({ code: 'VAULT_TIMEOUT', message })
  expect(clock.pendingTimers).toBe(0)
}

/** Accepts connections and says nothing, or what `speak` says. */
async function silentServer(speak: (socket: Socket) => void = () => undefined) {
  const sockets: Socket[] = []
  const silent = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    speak(socket)
  }).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const connected = once(silent, 'connection')
  const { port } = silent.address() as { port: number }
  const close = () => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  }
  return { port, connected, close, sockets }
}

test('a connection that is not made ends in a second: TLS that nobody answers', async () => {
  const { port, connected, close } = await silentServer()
  await timesOut(`https://127.0.0.1:${port}`, () => connected, 1_000, 'no connection in time')
  close()
})

test('a reply that does not begin ends', async () => {
  const { port, connected, close, sockets } = await silentServer()
  const reached = async () => {
    await connected
    await once(sockets[0]!, 'data')
  }
  await timesOut(`http://127.0.0.1:${port}`, reached, 3_500, 'no reply in time')
  close()
})

test('a reply that does not end ends', async () => {
  const { port, close } = await silentServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{')
  })
  const begun = new Promise<void>((resolve) => subscribe('http.client.response.finish', () => resolve()))
  await timesOut(`http://127.0.0.1:${port}`, () => begun, 4_000, 'no complete reply in time')
  close()
})

test('a call without a reply is retryable, and says which', async () => {
  const { provider, close } = await stubVault(() => ({ body: { data: STUB_KEY } }))
  await close()
  const refused = { code: 'ERR_KMS_UNAVAILABLE', reason: 'network', message: expect.stringContaining('ECONNREFUSED') }
  await expect(provider.currentKek({})).rejects.toMatchObject(refused)
})

test('a namespace goes with each call, and is a part of the KEK ref', async () => {
  const client = new VaultHttpClient({ address: server.endpoint, namespace: '/team/service/' })
  const login = new VaultLogin(
    client,
    givenToken(async () => 'test', false),
  )
  const provider = new VaultProvider({ client, login, key: 'transit/kek' })
  await expect(provider.currentKek({})).rejects.toMatchObject({ code: 'ERR_KEK_UNAVAILABLE' })
  await vaultOperator(server, 'POST', 'transit/keys/kek', { derived: true }, 'team/service')
  const { wrapped } = await provider.generateDataKey({})
  expect(wrapped.kek).toEqual({ provider: 'vault', id: 'team/service/transit/kek', version: '1' })
  await expect(provider.unwrap(wrapped, {})).resolves.toBeInstanceOf(DataKey)
})

const REPLIES: readonly (readonly [number, string, string, boolean])[] = [
  [400, 'cipher: message authentication failed', 'ERR_DECRYPTION_FAILED', false],
  [400, 'invalid ciphertext: version is too new', 'ERR_DECRYPTION_FAILED', false],
  [400, 'invalid ciphertext length', 'ERR_DECRYPTION_FAILED', false],
  [400, 'ciphertext or signature version is disallowed by policy (too old)', 'ERR_KEK_UNAVAILABLE', false],
  [400, 'encryption key not found', 'ERR_KEK_UNAVAILABLE', false],
  [400, 'refusing to use soft-deleted key', 'ERR_KEK_UNAVAILABLE', false],
  [400, 'something new: canary', 'ERR_CONFIGURATION', false],
  [403, '1 error occurred: permission denied', 'ERR_KMS_ACCESS_DENIED', false],
  [404, 'no handler for route "transit/decrypt/stub". route entry not found.', 'ERR_KEK_UNAVAILABLE', false],
  [404, 'namespace not found: canary', 'ERR_KEK_UNAVAILABLE', false],
  [405, 'unsupported operation', 'ERR_CONFIGURATION', false],
  [412, 'required index state not present', 'ERR_KMS_UNAVAILABLE', true],
  [429, 'rate limit quota exceeded', 'ERR_KMS_UNAVAILABLE', true],
  [472, '', 'ERR_KMS_UNAVAILABLE', true],
  [473, '', 'ERR_KMS_UNAVAILABLE', true],
  [500, 'internal error', 'ERR_KMS_UNAVAILABLE', true],
  [502, '', 'ERR_KMS_UNAVAILABLE', true],
  [503, 'Vault is sealed', 'ERR_KMS_UNAVAILABLE', true],
  [204, '', 'ERR_CONFIGURATION', false],
  [200, '', 'ERR_CONFIGURATION', false],
]
for (const [status, says, code, retryable] of REPLIES) {
  test(`status ${status} ${JSON.stringify(says)} is ${code}`, async () => {
    const headers = { 'retry-after': '2' }
    const { provider, close } = await stubVault(() => ({ status, headers, body: { errors: says ? [says] : [] } }))
    const kek = { provider: 'vault', id: 'transit/stub', version: '1' }
    const bytes = Buffer.from(`vault:v1:${Buffer.alloc(60).toString('base64')}`)
    const error = (await provider.unwrap({ kek, bytes }, {}).catch((reason: unknown) => reason)) as WaxsealError
    await close()
    expect(error).toMatchObject({ code, retryable })
    if (status === 429) expect(error).toMatchObject({ reason: 'throttled', retryAfterMs: 2_000 })
    if (says !== '') expect(error.message).not.toContain(says)
  })
}
