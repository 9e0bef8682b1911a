import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { azureAccess } from '../../providers/azure/access.js'
import { ACCESS_ROLES, type AccessRole } from '../../src/kms/access.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { type AzureUnderTest, azureUnderTest } from './azure-under-test.js'

const KEY = 'https://acme-credentials.vault.azure.net/keys/kek'
const ROTATES = { lifetimeActions: [{ action: 'Rotate' as const, timeAfterCreate: 'P90D' }] }

let server: TestKmsServer
let folder: string
let underTest: AzureUnderTest

beforeAll(async () => {
  server = await startTestKms('azure')
  folder = await mkdtemp(join(tmpdir(), 'azure-access-'))
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})
beforeEach(async () => {
  underTest = await azureUnderTest(server)
  await underTest.operator.keys.updateKeyRotationPolicy(underTest.options.key, ROTATES)
})

/** What the doctor finds of an identity that is refused these operations. */
async function examine(role: AccessRole, refused: readonly string[] = [], changed: Record<string, unknown> = {}) {
  const { options, identity } = underTest
  const tokenFile = join(folder, identity)
  await writeFile(tokenFile, identity)
  for (const operation of refused) server.faults.add({ fault: 'deny', operation, identity })
  const findings = await azureAccess.examine(
    {
      vaultUrl: server.endpoint,
      key: options.key,
      signingKey: options.signingKey,
      caFile: server.environment['WAXSEAL_AZURE_CA_FILE'],
      tokenFile,
      ...changed,
    },
    role,
    {},
  )
  return Object.fromEntries(findings.map(({ code, message }) => [code, message]))
}

describe('waxseal doctor --provider finds', () => {
  test.each([
    ['writer', []],
    ['rotator', []],
    ['reader', ['KeyWrap', 'KeySign']],
    ['auditor', ['KeyWrap', 'KeyUnwrap', 'KeySign']],
  ] as const)('a %s with what it needs, and no more', async (role, refused) => {
    const found = await examine(role, refused)
    expect(found).toEqual({ ACCESS_AS_NEEDED: expect.stringContaining(`a ${role} may`) })
  })

  test('a reader that may not look at the KEK needs not to', async () => {
    const found = await examine('reader', ['KeyWrap', 'KeySign', 'KeyRotationPolicyGet'])
    expect(found).toMatchObject({
      ACCESS_AS_NEEDED: expect.any(String),
      ACCESS_UNPROVEN: expect.stringContaining('403'),
    })
  })

  test('what is missing', async () => {
    expect(await examine('writer', ['KeySign', 'KeyUnwrap'])).toEqual({
      ACCESS_MISSING: expect.stringContaining('unwrapKey, sign'),
    })
  })

  test('what is too much', async () => {
    expect(await examine('reader')).toEqual({ ACCESS_EXCESSIVE: expect.stringContaining('wrapKey, sign') })
    expect(await examine('auditor', ['KeyWrap'])).toMatchObject({
      ACCESS_EXCESSIVE: expect.stringContaining('unwrapKey'),
    })
  })

  test('wraps that nobody signs', async () => {
    const found = await examine('writer', [], { signingKey: undefined, unsigned: 'true' })
    expect(found).toMatchObject({ WRAPS_UNSIGNED: expect.stringContaining('public key') })
    expect(await examine('writer', [], { unsigned: 'true' })).toHaveProperty('WRAPS_UNSIGNED')
  })

  test('keys of another type', async () => {
    const { key, signingKey } = underTest.options
    const found = await examine('writer', [], { key: signingKey, signingKey: key })
    expect(found).toMatchObject({ KEK_UNSUITABLE: expect.stringMatching(/EC|RSA/) })
  })

  test('a key that is disabled, or about to expire, or not rotated', async () => {
    const { operator, options, provider } = underTest
    const { version } = await provider.currentKek({})
    await operator.keys.updateKeyProperties(options.key, version, { expiresOn: new Date(Date.now() + 86_400_000) })
    expect(await examine('writer')).toMatchObject({ KEK_NOT_ROTATED: expect.stringContaining('expires') })
    await operator.keys.updateKeyProperties(options.key, version, { enabled: false })
    expect(await examine('writer')).toMatchObject({ KEK_UNSUITABLE: expect.stringContaining('disabled') })
    await operator.keys.updateKeyRotationPolicy(options.key, { lifetimeActions: [] })
    expect(await examine('writer')).toMatchObject({ KEK_NOT_ROTATED: expect.stringContaining('rotation is off') })
  })
})

describe('waxseal policy azure', () => {
  const textOf = (role: AccessRole, principal?: string) =>
    azureAccess.policy({ role, key: KEY, entities: [], ...(principal && { principal }) })[0]!.text

  test.each(ACCESS_ROLES)('prints commands for a %s that a shell understands', (role) => {
    const az =
      'az() { if [ "$1" = keyvault ]; then echo /subscriptions/s/resourceGroups/g/providers/V/vaults/v; else printf "%s\\n" "$@"; fi; }\n'
    const printed = execFileSync('sh', ['-euc', `${az}${textOf(role, 'someone')}`], { encoding: 'utf8' }).split('\n')
    const definitions = printed.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
    // Of the two keys; an auditor's is also of the vault, which he looks at from outside.
    const roles = role === 'auditor' ? 3 : 2
    expect(definitions.map(({ AssignableScopes }) => AssignableScopes)).toEqual(
      Array(roles).fill(['/subscriptions/s/resourceGroups/g']),
    )
    expect(definitions.map(({ Actions, DataActions }) => [Actions.length > 0, DataActions.length > 0])).toEqual(
      [
        [false, true],
        [false, true],
        [true, false],
      ].slice(0, roles),
    )
    expect(printed.filter((line) => line.includes('/vaults/v/keys/'))).toHaveLength(2)
    expect(printed.filter((line) => line === 'someone')).toHaveLength(roles)
  })

  test('grants each role what it does, and nothing that changes or copies a key', () => {
    expect(textOf('reader')).toMatch(/keys\/unwrap\/action/)
    expect(textOf('reader')).not.toMatch(/keys\/(wrap|sign)\/action/)
    expect(textOf('auditor')).not.toMatch(/action"/)
    for (const role of ACCESS_ROLES) expect(textOf(role)).not.toMatch(/(update|backup|delete|encrypt|decrypt)\/action/)
  })

  test('refuses a key that is no URL, and entities, which Key Vault does not see', () => {
    expect(() => azureAccess.policy({ role: 'writer', key: 'kek', entities: [] })).toThrow('by its URL')
    expect(() => azureAccess.policy({ role: 'writer', key: KEY, entities: ['credential'] })).toThrow('by entity')
  })
})
