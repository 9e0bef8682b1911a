import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { azureAccess } from '../../../providers/azure/access.js'
import { azurePrincipals } from '../../../providers/azure/key-access/principals.js'
import { type AzureTestServer, startAzureServer } from '../../../src/testing/servers/azure/server.js'
import { RESOURCE_ID } from './log-under-test.js'

const KEYS = 'Microsoft.KeyVault/vaults/keys'
const ROLE = '/subscriptions/s1/providers/Microsoft.Authorization/roleDefinitions/role-1'
const byRoles = { properties: { enableRbacAuthorization: true, accessPolicies: [] } }
const byPolicies = (...accessPolicies: object[]) => ({ properties: { accessPolicies } })

const assignment = (members: object = {}) => ({
  properties: {
    ...{ principalId: 'ann', principalType: 'User', roleDefinitionId: ROLE, scope: '/subscriptions/s1' },
    ...members,
  },
})
const role = (...permissions: object[]) => ({ properties: { roleName: 'Keys', permissions } })

function listed(permissions: object | undefined, vault: object | undefined, members: object = {}) {
  const roles = new Map(permissions ? [[ROLE.toLowerCase(), role(permissions)]] : [])
  return azurePrincipals({ vault, assignments: [assignment(members)], roles })
}
const may = (...documents: Parameters<typeof listed>) =>
  listed(...documents).principals.map((rule) => `${rule.may.join('+')}${rule.doubts.length > 0 ? ' ?' : ''}`)

describe('by the roles', () => {
  test.each([
    ['one that unwraps', { dataActions: [`${KEYS}/read`, `${KEYS}/unwrap/action`] }, ['decrypt']],
    ['one that decrypts, in any case', { dataActions: ['microsoft.keyvault/VAULTS/keys/decrypt/action'] }, ['decrypt']],
    ['one that takes backups', { dataActions: [`${KEYS}/backup/action`] }, ['decrypt']],
    ['everything with keys', { dataActions: [`${KEYS}/*`] }, ['decrypt+administer']],
    ['all data of vaults', { dataActions: ['Microsoft.KeyVault/vaults/*'] }, ['decrypt+administer']],
    ['all but', { dataActions: ['*'], notDataActions: [`${KEYS}/*`] }, []],
    ['to import', { dataActions: [`${KEYS}/import/action`] }, ['administer']],
    ['to read', { dataActions: ['Microsoft.KeyVault/vaults/*/read'] }, []],
    ['to wrap and sign', { dataActions: [`${KEYS}/wrap/action`, `${KEYS}/sign/action`] }, []],
    ['its name as an action of management', { actions: [`${KEYS}/unwrap/action`] }, []],
    ['an owner', { actions: ['*'] }, ['administer']],
    ['who grants roles', { actions: ['Microsoft.Authorization/roleAssignments/*'] }, ['administer']],
    ['a contributor', { actions: ['*'], notActions: ['Microsoft.Authorization/*/Write'] }, []],
    ['what is taken away in another permission', { dataActions: ['*'], notDataActions: [] }, ['decrypt+administer']],
  ])('%s', (_, permissions, expected) => {
    expect(may(permissions, byRoles)).toEqual(expected)
  })

  test('what one permission leaves out another may give', () => {
    const two = role({ dataActions: ['*'], notDataActions: ['*'] }, { dataActions: [`${KEYS}/unwrap/action`] })
    const roles = new Map([[ROLE.toLowerCase(), two]])
    const { principals } = azurePrincipals({ vault: byRoles, assignments: [assignment()], roles })
    expect(principals).toMatchObject([{ permissions: [`${KEYS}/unwrap/action`] }])
  })

  test('a rule says by what, where, under which condition, and how the trail names him', () => {
    const condition = '@Resource[x] StringEquals "y"'
    expect(listed({ dataActions: [`${KEYS}/unwrap/action`] }, byRoles, { condition })).toEqual({
      principals: [
        {
          ...{ principal: 'ann', type: 'User', isMany: false, may: ['decrypt'], inTrail: ['ann'] },
          ...{ permissions: [`${KEYS}/unwrap/action`], via: 'role "Keys" at /subscriptions/s1' },
          ...{ conditions: [condition], doubts: [] },
        },
      ],
      unread: [],
    })
  })

  test('a group is many, whoever they are', () => {
    const [rule] = listed({ dataActions: ['*'] }, byRoles, { principalType: 'Group' }).principals
    expect(rule).toMatchObject({ isMany: true, inTrail: ['*'] })
  })

  test('a role that was not read may allow everything', () => {
    expect(may(undefined, byRoles)).toEqual(['decrypt+administer ?'])
  })

  test('the access policies that such a vault still has count for nothing', () => {
    const old = { objectId: 'bob', permissions: { keys: ['all'] } }
    const vault = { properties: { enableRbacAuthorization: true, accessPolicies: [old] } }
    expect(azurePrincipals({ vault, assignments: [], roles: new Map() })).toEqual({ principals: [], unread: [] })
  })
})

describe('by access policies', () => {
  const ofPolicy = (keys: unknown, members: object = {}) =>
    azurePrincipals({
      ...{
        vault: byPolicies({ objectId: 'bob', permissions: { keys }, ...members }),
        assignments: [],
        roles: new Map(),
      },
    })

  test.each([
    [['get', 'unwrapKey'], 'decrypt'],
    [['Decrypt'], 'decrypt'],
    [['backup'], 'decrypt'],
    [['import'], 'administer'],
    [['all'], 'decrypt+administer'],
  ])('%j', (keys, expected) => {
    expect(ofPolicy(keys).principals).toMatchObject([
      { principal: 'bob', may: expected.split('+'), inTrail: ['bob'], doubts: [expect.stringContaining('group')] },
    ])
  })

  test.each([[['get', 'wrapKey', 'sign']], [[]], [undefined], [['constructor']]])('%j is nothing', (keys) => {
    expect(ofPolicy(keys)).toEqual({ principals: [], unread: [] })
  })

  test('on behalf of an application alone', () => {
    expect(ofPolicy(['unwrapKey'], { applicationId: 'app' }).principals).toMatchObject([{ conditions: ['by app'] }])
  })

  test.each([
    ['data of a role', { dataActions: ['*'] }, []],
    ['who writes access policies', { actions: ['Microsoft.KeyVault/vaults/accessPolicies/write'] }, ['administer']],
    ['a contributor', { actions: ['*'], notActions: ['Microsoft.Authorization/*/Write'] }, ['administer']],
  ])('roles there: %s', (_, permissions, expected) => {
    expect(may(permissions, byPolicies())).toEqual(expected)
  })

  test('a vault that was not read may go by either', () => {
    expect(may({ dataActions: [`${KEYS}/unwrap/action`] }, undefined)).toEqual(['decrypt ?'])
  })
})

test.each([
  ['a vault without properties', { vault: {} }],
  ['a vault without access policies', { vault: { properties: {} } }],
  ['an access policy of nobody', { vault: byPolicies({ permissions: { keys: ['all'] } }) }],
  ['an access policy without a list', { vault: byPolicies({ objectId: 'bob', permissions: { keys: 'all' } }) }],
  ['an assignment to nobody', { assignments: [assignment({ principalId: undefined })] }],
  ['an assignment of nothing', { assignments: [assignment({ roleDefinitionId: 1n })] }],
])('%s is unread and not empty', (_, documents) => {
  const { unread } = azurePrincipals({ vault: byRoles, assignments: [], roles: new Map(), ...documents })
  expect(unread).toEqual([expect.stringContaining('not of the form that is known')])
})

test('nothing that a role has besides makes a list shorter', () => {
  const actions = fc.array(fc.constantFrom('*', '*/read', `${KEYS}/sign/action`, 1, null), { maxLength: 3 })
  const others = fc.record({ actions, dataActions: actions, notActions: actions, notDataActions: actions })
  fc.assert(
    fc.property(fc.array(others, { maxLength: 3 }), (permissions) => {
      const whole = role(...permissions, { dataActions: [`${KEYS}/unwrap/action`] })
      const roles = new Map([[ROLE.toLowerCase(), whole]])
      const { principals } = azurePrincipals({ vault: byRoles, assignments: [assignment()], roles })
      expect(principals[0]!.may).toContain('decrypt')
    }),
  )
})

describe('asked of Azure', () => {
  let kms: AzureTestServer
  beforeAll(async () => {
    kms = await startAzureServer()
  })
  afterAll(() => kms.close())
  afterEach(() => {
    kms.faults.clear()
    kms.management.clear()
  })
  const assignmentsOf = (key: string) => `${RESOURCE_ID}/keys/${key}/providers/Microsoft.Authorization/roleAssignments`
  const read = (section: object = {}) => {
    const { WAXSEAL_AZURE_CA_FILE: caFile, WAXSEAL_AZURE_TOKEN_FILE: tokenFile } = kms.environment
    const key = { vaultUrl: kms.endpoint, key: 'KEK', previousKeys: 'old', signingKey: 'signer' }
    return azureAccess.readKeyAccess({ ...key, caFile, tokenFile, resourceId: RESOURCE_ID, ...section }, {})
  }
  const setAll = () => {
    kms.management.set(RESOURCE_ID, byRoles)
    kms.management.set(ROLE, role({ dataActions: [`${KEYS}/unwrap/action`] }))
    const nextLink = `${kms.endpoint}${assignmentsOf('more')}`
    kms.management.set(assignmentsOf('KEK'), { value: [assignment()], nextLink })
    kms.management.set(assignmentsOf('more'), { value: [assignment({ principalId: 'bob' })] })
    kms.management.set(assignmentsOf('old'), { value: [] })
  }

  test('who may use each key is asked of the vault, of its roles, and once for both', async () => {
    setAll()
    const before = kms.calls.length
    const found = await read()
    const host = new URL(kms.endpoint).host
    expect(found.map(({ kekId, unread }) => [kekId, unread])).toEqual([
      [`${host}/kek`, []],
      [`${host}/old`, []],
    ])
    expect(found.map(({ principals }) => principals.map(({ principal }) => principal))).toEqual([['ann', 'bob'], []])
    expect(kms.calls.slice(before).map(({ operation }) => operation)).toEqual(Array(5).fill('Management'))
  })

  test('what may not be read is said, and a role among it keeps nobody off the list', async () => {
    setAll()
    kms.management.set(assignmentsOf('KEK'), { value: [assignment({ roleDefinitionId: `${ROLE}-2` })] })
    const [kek] = await read()
    expect(kek!.principals).toMatchObject([{ principal: 'ann', doubts: [expect.stringContaining('was not read')] }])
    expect(kek!.unread).toEqual([
      expect.stringMatching(/^the role .*role-1-2 could not be read: .* 404 ResourceNotFound$/),
    ])
    kms.faults.add({ fault: 'deny', operation: 'Management' })
    const [denied] = await read()
    expect(denied!.unread).toEqual([
      expect.stringMatching(/^the vault could not be read: .* 403/),
      expect.stringMatching(/^the role assignments of KEK could not be read: .* 403/),
    ])
  })

  test('a list that has no end is not read for ever, and is none', async () => {
    setAll()
    kms.management.set(assignmentsOf('more'), { value: [], nextLink: `${kms.endpoint}${assignmentsOf('more')}` })
    const [kek] = await read({ previousKeys: undefined })
    expect(kek).toMatchObject({
      ...{
        principals: [],
        unread: [expect.stringMatching(/^the role assignments of KEK could not be read: .* pages/)],
      },
    })
  })

  test('what is not asked for is said of each key', async () => {
    const before = kms.calls.length
    for (const { unread } of await read({ resourceId: undefined })) {
      expect(unread).toEqual([expect.stringContaining('without "resourceId"')])
    }
    for (const { unread } of await read({ resourceId: RESOURCE_ID.replace('vaults', 'managedHSMs') })) {
      expect(unread).toEqual([expect.stringContaining('Managed HSM')])
    }
    expect(kms.calls).toHaveLength(before)
  })

  test.each(['throttle', 'server error'] as const)(
    'an answer that is none (%s) is an error and no list',
    async (fault) => {
      setAll()
      kms.faults.add({ fault, operation: 'Management' })
      await expect(read()).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE' })
    },
  )

  test('in a cloud whose Resource Manager is not known nothing is asked, and that is said', async () => {
    const [kek] = await read({ vaultUrl: 'https://shop-keys.vault.example', previousKeys: undefined })
    expect(kek!.unread).toEqual(Array(2).fill(expect.stringMatching(/could not be read: .* is not known$/)))
  })

  test('the resource of another vault is refused', async () => {
    const section = { vaultUrl: 'https://other.vault.azure.net', resourceId: RESOURCE_ID }
    await expect(read(section)).rejects.toThrow('"resourceId" must be that of the vault')
  })
})
