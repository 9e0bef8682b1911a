import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { vaultAccess } from '../../providers/vault/access.js'
import { ACCESS_ROLES, type AccessRole } from '../../src/kms/access.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { vaultOperator } from './vault-under-test.js'

let server: TestKmsServer

beforeAll(async () => {
  server = await startTestKms('vault')
  await vaultOperator(server, 'POST', 'transit/keys/kek', { derived: true })
})
afterAll(() => server.close())

const policyOf = (role: AccessRole) => vaultAccess.policy({ role, key: 'mounts/transit/kek', entities: [] })[0]!.text

test('a policy names the key alone, and what the role does with it', () => {
  expect(policyOf('reader')).toBe('path "mounts/transit/decrypt/kek" {\n  capabilities = ["update"]\n}\n')
  expect(
    [...policyOf('writer').matchAll(/path "mounts\/transit\/(.+)\/kek"/g)].map(([, operation]) => operation),
  ).toEqual(['keys', 'datakey/plaintext', 'encrypt', 'decrypt'])
  expect(
    [...policyOf('rotator').matchAll(/path "mounts\/transit\/(.+)\/kek"/g)].map(([, operation]) => operation),
  ).toEqual(['keys', 'rewrap', 'encrypt', 'decrypt'])
})

test('no role may create a key', () => {
  for (const role of ACCESS_ROLES) expect(policyOf(role)).not.toMatch(/create|delete|sudo|\*/)
})

test('a policy that cannot be as narrow as it is asked for is not printed', () => {
  const narrow = () => vaultAccess.policy({ role: 'reader', key: 'transit/kek', entities: ['credential'] })
  expect(narrow).toThrow('cannot be limited to entities')
  expect(() => vaultAccess.policy({ role: 'reader', key: 'kek', entities: [] })).toThrow('<mount>/<key>')
})

const examine = (role: AccessRole, token = `test-${role}`) =>
  vaultAccess.examine({ address: server.endpoint, key: 'transit/kek', token }, role, {})

test('where Vault does not tell the capabilities, they are tried', async () => {
  server.faults.add({ fault: 'deny', identity: 'test-reader', operation: 'encrypt' })
  server.faults.add({ fault: 'deny', identity: 'test-reader', operation: 'decrypt' })
  const findings = await examine('reader')
  expect(findings.map(({ code }) => code)).toEqual([
    'KEK_NOT_ROTATED',
    'ACCESS_MISSING',
    'ACCESS_EXCESSIVE',
    'ACCESS_UNPROVEN',
  ])
  expect(findings[1]!.message).toBe('a reader needs decrypt, which this identity may not')
  expect(findings[2]!.message).toBe('a reader does without datakey/plaintext, rewrap, which this identity may')
})

test('what is wrong with the key is found', async () => {
  await vaultOperator(server, 'POST', 'transit/keys/kek/config', {
    ...{ deletion_allowed: true, exportable: true, allow_plaintext_backup: true, auto_rotate_period: 3_600 },
  })
  const [unsuitable, ...others] = await examine('auditor', 'test-owner')
  expect(unsuitable).toMatchObject({ code: 'KEK_UNSUITABLE' })
  for (const setting of ['deletion_allowed', 'exportable', 'allow_plaintext_backup']) {
    expect(unsuitable!.message).toContain(setting)
  }
  expect(others.map(({ code }) => code)).not.toContain('KEK_NOT_ROTATED')
  await vaultOperator(server, 'POST', 'transit/keys/plain', {})
  const section = { address: server.endpoint, key: 'transit/plain', token: 'test' }
  const [plain] = await vaultAccess.examine(section, 'writer', {})
  expect(plain).toMatchObject({ code: 'KEK_UNSUITABLE', message: expect.stringContaining('not derived') })
})
