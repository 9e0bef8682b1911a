import { randomUUID } from 'node:crypto'
import { afterAll, beforeEach, expect, test } from '@jest/globals'
import { withoutUpkeep } from '../../providers/vault/connect.js'
import {
  appRole,
  givenToken,
  type TokenSource,
  VaultHttpClient,
  VaultLogin,
  VaultProvider,
} from '../../providers/vault/index.js'
import { DataKey, InMemoryCallLedger, recordedUpkeep, type Upkeep } from '../../src/kms/index.js'
import { ManualClock, startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { vaultOperator } from './vault-under-test.js'

/** Of a token of the test server. */
const LEASE_MS = 3_600_000
const ROLE = { roleId: 'test role', secretId: 'test only' }
const servers: TestKmsServer[] = []
let server: TestKmsServer

beforeEach(async () => {
  server = await startTestKms('vault')
  servers.push(server)
  await vaultOperator(server, 'POST', 'transit/keys/kek', { derived: true })
})
afterAll(() => Promise.all(servers.map((each) => each.close())))

function loggedIn(source: TokenSource, upkeep?: Upkeep) {
  const clock = new ManualClock()
  const client = new VaultHttpClient({ address: server.endpoint })
  const provider = new VaultProvider({
    client,
    login: new VaultLogin(client, source, upkeep, clock),
    key: 'transit/kek',
  })
  const advance = async (ms: number) => {
    server.advance(ms)
    await clock.advance(ms)
  }
  return { provider, advance }
}

const count = (operation: string) => server.calls.filter((call) => call.operation === operation).length
const LOGIN = 'auth/approle/login'
const LOOKUP = 'auth/token/lookup-self'
const RENEWAL = 'auth/token/renew-self'

async function untilRenewed(): Promise<void> {
  const isRenewed = () => server.calls.some(({ operation, status }) => operation === RENEWAL && status === 'ok')
  while (!isRenewed()) await new Promise(setImmediate)
}

test('one login by AppRole is shared by all who wait', async () => {
  const { provider } = loggedIn(appRole(async () => ROLE))
  await Promise.all(Array.from({ length: 20 }, () => provider.generateDataKey({})))
  expect(count(LOGIN)).toBe(1)
  expect(count('datakey/plaintext')).toBe(20)
})

test('a token is renewed when two thirds of its lease are over, without any call', async () => {
  const { provider, advance } = loggedIn(appRole(async () => ROLE))
  await provider.generateDataKey({})
  await advance((LEASE_MS * 2) / 3 - 1)
  expect(count(RENEWAL)).toBe(0)
  await advance(1)
  await untilRenewed()
  server.advance(LEASE_MS / 2)
  await provider.generateDataKey({})
  expect(count(LOGIN)).toBe(1)
})

test('a renewal is an attempt of the ledger, though no call waits for it', async () => {
  const ledger = new InMemoryCallLedger()
  const { provider, advance } = loggedIn(
    appRole(async () => ROLE),
    recordedUpkeep(ledger, 'vault'),
  )
  await provider.generateDataKey({})
  await advance((LEASE_MS * 2) / 3)
  const ends = () => ledger.entries.flatMap(({ operation, end }) => (operation === 'authenticate' && end) || [])
  await untilRenewed()
  // Answered later: its answer comes behind that of the renewal.
  await provider.generateDataKey({})
  const [renewal] = server.calls.filter(({ operation }) => operation === RENEWAL)
  const { requestId } = renewal!
  expect(ends()).toMatchObject([{ outcome: 'succeeded', replies: [{ operation: RENEWAL, requestId, status: 'ok' }] }])
})

test('a login of one attempt is not renewed: the next request makes a new one', async () => {
  const { provider, advance } = loggedIn(
    appRole(async () => ROLE),
    withoutUpkeep,
  )
  await provider.generateDataKey({})
  await advance((LEASE_MS * 2) / 3)
  await provider.generateDataKey({})
  expect([count(RENEWAL), count(LOGIN)]).toEqual([0, 2])
})

test('a token that can be renewed no further is replaced before it ends', async () => {
  const { provider, advance } = loggedIn(appRole(async () => ROLE))
  for (let step = 0; step < 200 && count(LOGIN) < 2; step++) {
    await advance(LEASE_MS / 30)
    await provider.generateDataKey({})
  }
  expect(count(LOGIN)).toBe(2)
  expect(count(RENEWAL)).toBeGreaterThan(3)
  expect(server.calls.filter(({ status }) => status !== 'ok' && status !== undefined)).toEqual([])
})

test('a token that has ended is replaced once, by one login for all, and the calls succeed', async () => {
  const { provider } = loggedIn(appRole(async () => ROLE))
  const { wrapped } = await provider.generateDataKey({})
  // As after a machine has slept: no timer ran.
  server.advance(LEASE_MS)
  const opened = await Promise.all(Array.from({ length: 5 }, () => provider.unwrap(wrapped, {})))
  expect(opened.every((each) => each instanceof DataKey)).toBe(true)
  expect(count(LOGIN)).toBe(2)
  expect(count('decrypt')).toBe(10)
})

test('who is denied with a good token does not log in again', async () => {
  const { provider } = loggedIn(appRole(async () => ROLE))
  const { wrapped } = await provider.generateDataKey({})
  server.faults.add({ fault: 'deny', operation: 'decrypt' })
  await expect(provider.unwrap(wrapped, {})).rejects.toMatchObject({ code: 'ERR_KMS_ACCESS_DENIED' })
  expect([count(LOGIN), count('decrypt'), count(LOOKUP)]).toEqual([1, 1, 1])
})

test('who is refused with the new token too is denied', async () => {
  const { provider } = loggedIn(appRole(async () => ROLE))
  const { wrapped } = await provider.generateDataKey({})
  server.faults.add({ fault: 'deny', operation: 'decrypt' })
  server.faults.add({ fault: 'deny', operation: LOOKUP })
  await expect(provider.unwrap(wrapped, {})).rejects.toMatchObject({ code: 'ERR_KMS_ACCESS_DENIED' })
  expect([count(LOGIN), count('decrypt')]).toEqual([2, 2])
})

test('a token that an agent keeps in a file is read again when it is refused', async () => {
  const given = ['test-ended', 'test-fresh']
  const { provider } = loggedIn(givenToken(async () => given.shift() as string, true))
  server.faults.add({ fault: 'deny', identity: 'test-ended' })
  await expect(provider.currentKek({})).resolves.toMatchObject({ version: '1' })
  expect(given).toEqual([])
})

test('a token that was given is renewed, and used until it ends', async () => {
  const { auth } = await vaultOperator(server, 'POST', LOGIN, { role_id: 'r', secret_id: 's' })
  const { provider, advance } = loggedIn(givenToken(async () => auth.client_token, false))
  await provider.generateDataKey({})
  await advance((LEASE_MS * 2) / 3)
  await untilRenewed()
  expect(count(RENEWAL)).toBe(1)
  server.advance(LEASE_MS * 9)
  await expect(provider.generateDataKey({})).rejects.toMatchObject({ code: 'ERR_KMS_ACCESS_DENIED' })
})

test('a login that is refused tells neither of the two ids, and the next call tries again', async () => {
  const credentials = { roleId: `role-${randomUUID()}`, secretId: '' }
  const { provider } = loggedIn(appRole(async () => credentials))
  const refused = provider.currentKek({})
  await expect(refused).rejects.toMatchObject({ code: 'ERR_KMS_ACCESS_DENIED' })
  await expect(refused).rejects.not.toThrow(credentials.roleId)
  credentials.secretId = 'test only'
  await expect(provider.currentKek({})).resolves.toMatchObject({ version: '1' })
})

test('a login goes on for the others when the one who began it gives up', async () => {
  server.faults.add({ fault: 'latency', ms: 20, operation: LOGIN })
  const { provider } = loggedIn(appRole(async () => ROLE))
  const controller = new AbortController()
  const [given, kept] = [provider.currentKek({}, { signal: controller.signal }), provider.currentKek({})]
  controller.abort('given up')
  await expect(given).rejects.toBe('given up')
  await expect(kept).resolves.toMatchObject({ version: '1' })
  expect(count(LOGIN)).toBe(1)
})
