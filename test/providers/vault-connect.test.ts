import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { providers } from '../../providers/index.js'
import { connectVault, VaultProvider } from '../../providers/vault/index.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { vaultOperator, vaultUnderTest } from './vault-under-test.js'

const SECRET = 'test-only-secret'
let server: TestKmsServer
let folder = ''
let section: Record<string, unknown>

beforeAll(async () => {
  server = await startTestKms('vault')
  folder = await mkdtemp(join(tmpdir(), 'waxseal-vault-'))
  await vaultOperator(server, 'POST', 'transit/keys/kek', { derived: true })
  section = { address: server.endpoint, key: 'transit/kek' }
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

async function file(name: string, content: string, mode = 0o600): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  await chmod(path, mode)
  return path
}

/** Who the server saw, when the provider of a section asks for its KEK. */
async function callerOf(options: Record<string, unknown>): Promise<string> {
  const provider = await connectVault({ ...section, ...options })
  await provider.currentKek({})
  return server.calls.at(-1)!.identity
}

async function refusalOf(options: Record<string, unknown>): Promise<string> {
  const error = (await connectVault(options).catch((reason: unknown) => reason)) as Error
  expect(error).toMatchObject({ code: 'ERR_CONFIGURATION' })
  expect(error.message).not.toContain(SECRET)
  return error.message
}

test('the table of providers connects to Vault', async () => {
  const connect = await providers.vault.connect()
  await expect(connect({ ...section, token: 'test' })).resolves.toMatchObject({ name: 'vault' })
})

test('a token comes from the section or from a private file', async () => {
  await expect(callerOf({ token: SECRET })).resolves.toBe(SECRET)
  await expect(callerOf({ tokenFile: await file('token', `${SECRET}\n`) })).resolves.toBe(SECRET)
  const open = connectVault({ ...section, tokenFile: await file('open', SECRET, 0o644) })
  await expect((await open).currentKek({})).rejects.toThrow('chmod 600')
  const two = connectVault({ ...section, tokenFile: await file('two', `${SECRET}\n${SECRET}`) })
  await expect((await two).currentKek({})).rejects.toThrow('must hold one line')
})

test('AppRole logs in with a secret id from the section or from a private file, at the mount that is configured', async () => {
  await expect(callerOf({ roleId: 'test role', secretId: SECRET })).resolves.toMatch(/^s\./)
  const secretIdFile = await file('secret-id', SECRET)
  await expect(callerOf({ roleId: 'test role', secretIdFile })).resolves.toMatch(/^s\./)
  const elsewhere = connectVault({ ...section, roleId: 'r', secretId: SECRET, appRoleMount: 'elsewhere' })
  await expect((await elsewhere).currentKek({})).rejects.toMatchObject({ code: 'ERR_KMS_ACCESS_DENIED' })
  expect(server.calls.at(-1)!.operation).toBe('auth/elsewhere/login')
})

test('a namespace comes from the section', async () => {
  const provider = await connectVault({ ...section, token: 'test', namespace: 'team' })
  await vaultOperator(server, 'POST', 'transit/keys/kek', { derived: true }, 'team')
  await expect(provider.currentKek({})).resolves.toMatchObject({ id: 'team/transit/kek' })
})

test('a previous key is unwrapped, and rewrapped under the current one by way of the process', async () => {
  const before = await vaultUnderTest(server)
  const { dataKey, wrapped } = await before.provider.generateDataKey({})
  const provider = await connectVault({ ...section, token: 'test', previousKeys: `transit/other, ${before.key}` })
  const rewrapped = await provider.rewrap(wrapped, {})
  expect(rewrapped.kek.id).toBe('transit/kek')
  const opened = await provider.unwrap(rewrapped, {})
  expect(opened.keyObject.equals(dataKey.keyObject)).toBe(true)
  const without = await connectVault({ ...section, token: 'test' })
  await expect(without.unwrap(wrapped, {})).rejects.toMatchObject({ code: 'ERR_KEK_NOT_ACCEPTED' })
})

test('the constructor refuses an option that it does not know', async () => {
  expect(() => new VaultProvider({ mount: 'transit' } as never)).toThrow('unknown option "mount"')
})

const REFUSED: readonly (readonly [string, Record<string, unknown>, string])[] = [
  ['no address', { key: 'transit/kek', token: SECRET }, '"address" is missing'],
  [
    'an address with a password',
    { address: `https://a:${SECRET}@b`, key: 'transit/kek', token: SECRET },
    '"address" must',
  ],
  ['an address with a path', { address: 'https://b/v1', key: 'transit/kek', token: SECRET }, '"address" must'],
  ['an address that is none', { address: SECRET, key: 'transit/kek', token: SECRET }, '"address" must'],
  ['no key', { address: 'https://b', token: SECRET }, '"key" is missing'],
  ['a key without a mount', { address: 'https://b', key: 'kek', token: SECRET }, '<mount>/<key>'],
  ['a key that leaves the mount', { address: 'https://b', key: 'transit/../kek', token: SECRET }, '<mount>/<key>'],
  ['a key with a query', { address: 'https://b', key: 'transit/kek?x', token: SECRET }, '<mount>/<key>'],
  [
    'a namespace that is no path',
    { address: 'https://b', key: 'a/b', token: SECRET, namespace: '../x' },
    '"namespace"',
  ],
  ['no credentials', { address: 'https://b', key: 'a/b' }, 'exactly one of the options token, tokenFile, roleId'],
  ['two credentials', { address: 'https://b', key: 'a/b', token: SECRET, roleId: 'r' }, 'found token, roleId'],
  ['a role without a secret', { address: 'https://b', key: 'a/b', roleId: 'r' }, 'secretId, secretIdFile, found none'],
  [
    'a secret without a role',
    { address: 'https://b', key: 'a/b', token: SECRET, secretId: SECRET },
    'with "roleId" only',
  ],
  ['no file of certificates', { address: 'https://b', key: 'a/b', token: SECRET, caFile: '/nowhere' }, '(ENOENT)'],
  ['an unknown option', { address: 'https://b', key: 'a/b', token: SECRET, mount: 'a' }, 'unknown option "mount"'],
]
for (const [what, options, message] of REFUSED) {
  test(`refused: ${what}`, async () => {
    await expect(refusalOf(options)).resolves.toContain(message)
  })
}

test('a file of certificates that holds none is refused', async () => {
  const caFile = await file('ca.pem', 'no certificate')
  await expect(refusalOf({ ...section, token: SECRET, caFile })).resolves.toContain('holds no certificate')
})
