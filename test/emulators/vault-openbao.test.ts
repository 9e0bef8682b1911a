import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { vaultAccess } from '../../providers/vault/access.js'
import { connectVault } from '../../providers/vault/index.js'
import { readVaultKeyAccess } from '../../providers/vault/key-access/read.js'
import type { AccessRole } from '../../src/kms/access.js'
import { canonicalContext, DataKey } from '../../src/kms/index.js'
import type { TestKmsServer } from '../../src/testing/index.js'
import { inTens, inventedToken, vaultOperator, vaultUnderTest } from '../providers/vault-under-test.js'
import { declareNotRun } from './not-run.js'
import { frontOf } from './server-of.js'
import { leastToken, prepareVault, writePolicy } from './vault-operator.js'

const server = await frontOf('vault', 'WAXSEAL_TEST_VAULT_ADDR')
if (server) describe('OpenBao', () => suite(server))
else declareNotRun('Vault on OpenBao, by its traps', 'WAXSEAL_TEST_VAULT_ADDR')

function suite(server: TestKmsServer): void {
  const operator = (method: string, path: string, body?: object, namespace?: string) =>
    vaultOperator(server, method, path, body, namespace)
  const create = () => vaultUnderTest(server, (key) => leastToken(server, key, ['writer', 'rotator']))

  beforeAll(() => prepareVault(server))

  test('Vault rewrap without associated_data: it cannot rewrap what is bound by it, and does what is bound by context', async () => {
    const { provider, key } = await create()
    const { name } = keyOf(key)
    const context = canonicalContext({}).toString('base64')
    const bound = { plaintext: 'dGVzdA==', context, associated_data: 'dGVzdA==' }
    const { data } = await operator('POST', `transit/encrypt/${name}`, bound)
    const rewrap = { ciphertext: data.ciphertext, context, associated_data: bound.associated_data }
    await expect(operator('POST', `transit/rewrap/${name}`, rewrap)).rejects.toThrow('message authentication failed')
    const { wrapped } = await provider.generateDataKey({})
    await expect(provider.rewrap(wrapped, {})).resolves.toMatchObject({ kek: wrapped.kek })
  })

  test('never creates a key by accident, not with a token that may: deleted after it was looked up', async () => {
    const { provider, key } = await vaultUnderTest(server, async () => 'root')
    const { name } = keyOf(key)
    await provider.wrap(DataKey.generate(), {})
    await operator('POST', `transit/keys/${name}/config`, { deletion_allowed: true })
    await operator('DELETE', `transit/keys/${name}`)
    await expect(provider.wrap(DataKey.generate(), {})).rejects.toMatchObject({ code: 'ERR_KEK_UNAVAILABLE' })
    await expect(operator('GET', `transit/keys/${name}`)).rejects.toThrow('404')
    // What it is kept from.
    await operator('POST', `transit/encrypt/${name}`, { plaintext: 'dGVzdA==', context: 'dGVzdA==' })
    await operator('GET', `transit/keys/${name}`)
  })

  test('a mount of another type is refused, and nothing is stored there', async () => {
    await operator('POST', 'plain-secrets/keys/kek', { name: 'kek', password: 'test only' })
    const section = { address: server.endpoint, key: 'plain-secrets/kek', token: 'root' }
    const provider = await connectVault(section)
    await expect(provider.wrap(DataKey.generate(), {})).rejects.toThrow('expected a mount of type transit')
    await expect(operator('GET', 'plain-secrets/encrypt/kek')).rejects.toThrow('404')
  })

  test('who may use a key, by its policies and the roles that have them', async () => {
    const { key } = await create()
    const [policy, other] = [await writePolicy(server, key, 'reader'), await writePolicy(server, key, 'auditor')]
    const role = `auth/approle/role/${policy}`
    await operator('POST', role, { token_policies: [policy, other] })
    const [access] = await readVaultKeyAccess({ address: server.endpoint, key, token: 'root' }, {})
    const names = access!.principals.filter(({ may }) => may.includes('decrypt')).map(({ principal }) => principal)
    expect(names).toEqual(expect.arrayContaining(['root', policy, role]))
    expect(names).not.toContain(other)
    // Who may not look is told so.
    const token = await leastToken(server, key, ['reader'])
    const [refused] = await readVaultKeyAccess({ address: server.endpoint, key, token }, {})
    expect(refused!.unread).toEqual([
      expect.stringContaining('sys/policies/acl could not be read'),
      expect.stringContaining('sys/auth could not be read'),
    ])
  })

  test('AppRole logs in, is renewed by the server, and is replaced when its token is revoked', async () => {
    const { key } = await vaultUnderTest(server, inventedToken)
    const token_policies = [await writePolicy(server, key, 'writer')]
    const role = `auth/approle/role/${keyOf(key).name}`
    await operator('POST', role, { token_policies, token_ttl: '1h', token_max_ttl: '2h' })
    const { role_id: roleId } = (await operator('GET', `${role}/role-id`)).data
    const { secret_id: secretId } = (await operator('POST', `${role}/secret-id`)).data
    const provider = await connectVault({ address: server.endpoint, key, roleId, secretId })
    const { wrapped } = await provider.generateDataKey({})
    const token = server.calls.at(-1)!.identity
    await operator('POST', 'auth/token/revoke', { token })
    await expect(provider.unwrap(wrapped, {})).resolves.toBeInstanceOf(DataKey)
    expect(server.calls.at(-1)!.identity).not.toBe(token)
  })

  test('a namespace has keys of its own, which the root namespace sees at the path that the KEK ref names', async () => {
    const namespace = `team-${keyOf((await create()).key).name.slice(4, 12)}`
    await operator('POST', `sys/namespaces/${namespace}`)
    await operator('POST', 'sys/mounts/transit', { type: 'transit' }, namespace)
    await operator('POST', 'transit/keys/kek', { derived: true }, namespace)
    const within = await connectVault({ address: server.endpoint, key: 'transit/kek', token: 'root', namespace })
    const { wrapped, dataKey } = await within.generateDataKey({})
    expect(wrapped.kek.id).toBe(`${namespace}/transit/kek`)
    const without = await connectVault({ address: server.endpoint, key: `${namespace}/transit/kek`, token: 'root' })
    const opened = await without.unwrap(wrapped, {})
    expect(opened.keyObject.equals(dataKey.keyObject)).toBe(true)
  })

  for (const role of ['writer', 'reader', 'rotator', 'auditor'] as const satisfies readonly AccessRole[]) {
    test(`doctor finds that the printed policy of a ${role} is what it needs and no more`, async () => {
      const { key } = await vaultUnderTest(server, inventedToken)
      await operator('POST', `transit/keys/${keyOf(key).name}/config`, { auto_rotate_period: '2160h' })
      const policies = [await writePolicy(server, key, role), 'default']
      const { auth } = await operator('POST', 'auth/token/create', { policies })
      const findings = await vaultAccess.examine({ address: server.endpoint, key, token: auth.client_token }, role, {})
      const needed = findings.filter(({ code }) => code !== 'ACCESS_UNPROVEN')
      expect(needed.map(({ code }) => code)).toEqual(['ACCESS_AS_NEEDED'])
    })
  }

  test('doctor finds what a root token may too much', async () => {
    const { key } = await create()
    const findings = await vaultAccess.examine({ address: server.endpoint, key, token: 'root' }, 'reader', {})
    expect(findings.map(({ code }) => code)).toEqual(['KEK_NOT_ROTATED', 'ACCESS_EXCESSIVE'])
    for (const excess of ['create on transit/encrypt/', 'delete on transit/keys/', 'read on transit/export/']) {
      expect(findings[1]!.message).toContain(excess)
    }
  })

  test('the audit log holds operation, path and request id of each call, and neither data key nor token', async () => {
    const { provider, key } = await create()
    const ids: string[] = []
    const onReply = ({ requestId }: { requestId?: string }) => void (requestId && ids.push(requestId))
    const { dataKey, wrapped } = await provider.generateDataKey({ tenant: 'a' }, { onReply })
    await provider.unwrap(wrapped, { tenant: 'a' }, { onReply })
    const log = await readFile(process.env['WAXSEAL_TEST_VAULT_AUDIT_LOG']!, 'utf8')
    const entries = log
      .split('\n')
      .filter((line) => ids.some((id) => line.includes(id)))
      .map((line) => JSON.parse(line))
    const paths = entries.flatMap(({ type, request }) => (type === 'response' ? [request.path] : []))
    const { name } = keyOf(key)
    const calls = ['auth/token/lookup-self', `transit/keys/${name}`]
    expect(paths).toEqual(expect.arrayContaining([`transit/datakey/plaintext/${name}`, `transit/decrypt/${name}`]))
    expect(paths.every((path) => [...calls, ...paths.slice(-2)].includes(path))).toBe(true)
    const base64 = dataKey.withBytes((bytes) => Buffer.from(bytes).toString('base64'))
    expect(log).not.toContain(base64)
    expect(log).not.toContain(Buffer.from(wrapped.bytes).toString())
    expect(log).not.toContain(server.calls.at(-1)!.identity)
  })

  test('a batch is one request for 150: measured against one by one', async () => {
    const { provider, control } = await create()
    const contexts = Array.from({ length: 150 }, (_, row) => ({ row: String(row) }))
    const wraps = await inTens(contexts, (context) => provider.generateDataKey(context))
    await control.newKekVersion()
    await provider.currentKek({})
    const before = control.vendorCalls().length
    const start = performance.now()
    await Promise.all(wraps.map(({ wrapped }, i) => provider.rewrap(wrapped, contexts[i]!)))
    const batchMs = performance.now() - start
    expect(control.vendorCalls().slice(before)).toEqual(['rewrap'])
    for (const [i, { wrapped }] of wraps.entries()) await provider.rewrap(wrapped, contexts[i]!)
    const oneByOneMs = performance.now() - start - batchMs
    expect(control.vendorCalls().slice(before)).toHaveLength(151)
    const times = (oneByOneMs / batchMs).toFixed(0)
    process.stderr.write(
      `150 rewraps: ${batchMs.toFixed(0)} ms in a batch, ${oneByOneMs.toFixed(0)} ms one by one (${times} times)\n`,
    )
  })
}

function keyOf(key: string): { readonly name: string } {
  return { name: key.slice('transit/'.length) }
}
