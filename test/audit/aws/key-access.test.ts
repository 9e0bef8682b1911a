import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { awsPrincipals } from '../../../providers/aws/key-access/principals.js'
import { fits } from '../../../src/kms/wildcard.js'

const ACCOUNT = '111122223333'
const KEY = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`
const ROOT = `arn:aws:iam::${ACCOUNT}:root`
const ROLE = `arn:aws:iam::${ACCOUNT}:role/app/service`
const USER = `arn:aws:iam::${ACCOUNT}:user/ann`
/** Of a policy: the value is that of whoever calls. */
const VARIABLE = `\${aws:PrincipalTag/key}`
const ELSEWHERE = 'arn:aws:iam::444455556666:role/other'

const allow = (members: object) => ({ Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*', ...members })
const deny = (members: object) => ({ ...allow(members), Effect: 'Deny' })
const byKeyPolicy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement })
const delegating = byKeyPolicy(allow({ Sid: 'IAM', Principal: { AWS: ROOT }, Action: 'kms:*' }))

/** As `GetAccountAuthorizationDetails` writes it: documents are encoded. */
const encoded = (...Statement: object[]) => encodeURIComponent(JSON.stringify({ Version: '2012-10-17', Statement }))
const inline = (...statements: object[]) => ({ PolicyName: 'own', PolicyDocument: encoded(...statements) })
const NOBODY = { UserDetailList: [], GroupDetailList: [], RoleDetailList: [], Policies: [] }
const role = (...statements: object[]) => ({
  ...NOBODY,
  RoleDetailList: [{ Arn: ROLE, RolePolicyList: [inline(...statements)], AttachedManagedPolicies: [] }],
})

function listed(documents: Partial<Parameters<typeof awsPrincipals>[0]>) {
  const { principals, unread } = awsPrincipals({
    ...{ keyArn: KEY, keyPolicy: byKeyPolicy(), grants: [], iam: NOBODY },
    ...documents,
  })
  expect(unread).toEqual([])
  return principals
}
/** Who may decrypt, with whether there is a doubt. */
const who = (documents: Parameters<typeof listed>[0]) =>
  listed(documents)
    .filter(({ may }) => may.includes('decrypt'))
    .map(({ principal, doubts }) => `${principal}${doubts.length > 0 ? ' ?' : ''}`)

describe('by the key policy', () => {
  const ofPolicy = (...statements: object[]) => who({ keyPolicy: byKeyPolicy(...statements) })

  test.each([
    ['a role', allow({ Principal: { AWS: ROLE } }), [ROLE]],
    [
      'several',
      allow({ Principal: { AWS: [ROLE, USER], Service: 'ebs.amazonaws.com' } }),
      [ROLE, USER, 'ebs.amazonaws.com'],
    ],
    ['everybody', allow({ Principal: '*' }), ['*']],
    ['everybody, spelled out', allow({ Principal: { AWS: '*' } }), ['*']],
    ['any case of an action', allow({ Principal: { AWS: ROLE }, Action: 'KMS:decrypt' }), [ROLE]],
    ['a wildcard', allow({ Principal: { AWS: ROLE }, Action: ['kms:Get*', 'kms:De?rypt'] }), [ROLE]],
    ['to rewrap under a key of his own', allow({ Principal: { AWS: ROLE }, Action: 'kms:ReEncrypt*' }), [ROLE]],
    [
      'all actions but others',
      allow({ Principal: { AWS: ROLE }, Action: undefined, NotAction: 'kms:Encrypt' }),
      [ROLE],
    ],
    [
      'all actions but this',
      allow({ Principal: { AWS: ROLE }, Action: undefined, NotAction: ['kms:De*', 'kms:Re*'] }),
      [],
    ],
    ['all but one', allow({ NotPrincipal: { AWS: ROLE } }), ['* ?']],
    [
      'a resource that is not this key',
      allow({ Principal: { AWS: ROLE }, Resource: 'arn:aws:kms:*:*:key/x' }),
      [`${ROLE} ?`],
    ],
    ['a role of another account', allow({ Principal: { AWS: ELSEWHERE } }), [`${ELSEWHERE} ?`]],
    ['another account', allow({ Principal: { AWS: '444455556666' } }), ['arn:aws:iam::444455556666:root ?']],
    ['somebody who was deleted', allow({ Principal: { AWS: 'AIDACKCEVSQ6C2EXAMPLE' } }), ['AIDACKCEVSQ6C2EXAMPLE ?']],
    ['one that only encrypts', allow({ Principal: { AWS: ROLE }, Action: 'kms:Encrypt' }), []],
  ])('%s', (_, statement, expected) => {
    expect(ofPolicy(statement)).toEqual(expected)
  })

  test.each([
    ['that names him', deny({ Principal: { AWS: ROLE } }), []],
    ['of everybody', deny({ Principal: '*', Action: 'kms:*' }), []],
    ['of somebody else', deny({ Principal: { AWS: USER } }), [ROLE]],
    ['of another action', deny({ Principal: '*', Action: 'kms:Encrypt' }), [ROLE]],
    [
      'with a condition',
      deny({ Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      [`${ROLE} ?`],
    ],
    ['of all but one', deny({ NotPrincipal: { AWS: USER } }), [`${ROLE} ?`]],
    ['of all actions but', deny({ Principal: '*', Action: undefined, NotAction: 'kms:Encrypt' }), []],
    ['of his account', deny({ Principal: { AWS: ACCOUNT } }), [`${ROLE} ?`]],
    ['that says no action', deny({ Principal: '*', Action: undefined }), [ROLE]],
  ])('less a Deny %s', (_, statement, expected) => {
    expect(ofPolicy(allow({ Principal: { AWS: ROLE } }), statement)).toEqual(expected)
  })

  test('a Deny of one leaves everybody listed, with a doubt', () => {
    expect(ofPolicy(allow({ Principal: '*' }), deny({ Sid: 'No', Principal: { AWS: ROLE } }))).toEqual(['* ?'])
  })

  test('a statement alone, without a list around it', () => {
    const keyPolicy = JSON.stringify({ Statement: allow({ Principal: { AWS: ROLE } }) })
    expect(who({ keyPolicy })).toEqual([ROLE])
  })

  test.each(['', '{', '[]', '{"Statement": [1]}'])('%j is unread and not empty', (keyPolicy) => {
    const found = awsPrincipals({ keyArn: KEY, keyPolicy, grants: [], iam: undefined })
    expect(found.unread).toEqual([expect.stringContaining('key policy')])
  })
})

test('a rule says by what, under which conditions, and how the trail names him', () => {
  const Condition = { StringEquals: { 'kms:EncryptionContext:tenant': 'a' } }
  const keyPolicy = byKeyPolicy(allow({ Sid: 'Use', Principal: { AWS: ROLE }, Action: 'kms:*', Condition }))
  expect(listed({ keyPolicy })).toEqual([
    {
      ...{ principal: ROLE, type: 'role', isMany: false, may: ['decrypt', 'administer'], via: 'key policy "Use"' },
      permissions: ['kms:Decrypt', 'kms:ReEncryptFrom', 'kms:PutKeyPolicy', 'kms:CreateGrant', 'kms:ReplicateKey'],
      ...{ conditions: [JSON.stringify(Condition)], doubts: [] },
      inTrail: [`arn:aws:sts::${ACCOUNT}:assumed-role/service/*`],
    },
  ])
})

describe('where the key policy leaves it to IAM', () => {
  const byRole = (...statements: object[]) => who({ keyPolicy: delegating, iam: role(...statements) })

  test.each([
    ['a policy on the key', [allow({ Resource: KEY })], [ROLE]],
    ['a policy on all keys of the account', [allow({ Resource: `arn:aws:kms:*:${ACCOUNT}:key/*` })], [ROLE]],
    ['everything', [allow({ Action: '*' })], [ROLE]],
    ['a policy on another key', [allow({ Resource: KEY.replace('1234abcd', 'ffffffff') })], []],
    ['all but another key', [allow({ Resource: undefined, NotResource: KEY.replace('1234', 'ffff') })], [ROLE]],
    ['all but this key', [allow({ Resource: undefined, NotResource: KEY })], []],
    ['a variable in the resource', [allow({ Resource: `arn:aws:kms:*:*:key/${VARIABLE}` })], [`${ROLE} ?`]],
    ['a Deny', [allow({}), deny({ Resource: KEY })], []],
    ['a Deny of another key', [allow({}), deny({ Resource: KEY.replace('1234', 'ffff') })], [ROLE]],
    ['a Deny with a condition', [allow({}), deny({ Condition: { Bool: {} } })], [`${ROLE} ?`]],
    ['a Deny with a variable', [allow({}), deny({ Resource: VARIABLE })], [`${ROLE} ?`]],
  ])('%s', (_, statements, expected) => {
    expect(byRole(...statements)).toEqual([ROOT, ...expected])
  })

  test('no more than the key policy leaves, and under its conditions', () => {
    const Condition = { StringEquals: { 'kms:ViaService': 's3.eu-central-1.amazonaws.com' } }
    const keyPolicy = byKeyPolicy(allow({ Principal: { AWS: ROOT }, Action: ['kms:Decrypt', 'kms:Put*'], Condition }))
    const own = { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }
    const iam = role(allow({ Action: ['kms:Decrypt', 'kms:CreateGrant'], Condition: own }))
    expect(listed({ keyPolicy, iam })).toEqual([
      expect.objectContaining({ principal: ROOT, type: 'root user', permissions: ['kms:Decrypt', 'kms:PutKeyPolicy'] }),
      expect.objectContaining({
        ...{ principal: ROLE, permissions: ['kms:Decrypt'] },
        conditions: [JSON.stringify(Condition), JSON.stringify(own)],
      }),
    ])
  })

  test('nothing at all where it leaves nothing', () => {
    expect(who({ keyPolicy: byKeyPolicy(allow({ Principal: { AWS: USER } })), iam: role(allow({})) })).toEqual([USER])
  })

  test('a user by his group, and by the version of a managed policy that is in force', () => {
    const managed = `arn:aws:iam::${ACCOUNT}:policy/keys`
    const version = (VersionId: string, ...statements: object[]) => ({ VersionId, Document: encoded(...statements) })
    const iam = {
      ...NOBODY,
      UserDetailList: [{ Arn: USER, GroupList: ['readers'] }],
      GroupDetailList: [{ GroupName: 'readers', AttachedManagedPolicies: [{ PolicyArn: managed }] }],
      Policies: [
        {
          ...{ Arn: managed, DefaultVersionId: 'v2' },
          PolicyVersionList: [version('v1', allow({ Resource: 'none' })), version('v2', allow({ Sid: 'Open' }))],
        },
      ],
    }
    expect(listed({ keyPolicy: delegating, iam })[1]).toMatchObject({
      ...{ principal: USER, type: 'user', inTrail: [USER], doubts: [] },
      via: `key policy "IAM", IAM policy ${managed} of the group readers "Open"`,
    })
  })

  test.each([
    [
      'a managed policy that is not in the reply',
      { AttachedManagedPolicies: [{ PolicyArn: 'arn:aws:iam::aws:policy/X' }] },
    ],
    ['a policy that is not understood', { RolePolicyList: [{ PolicyName: 'own', PolicyDocument: 'none' }] }],
  ])('%s may allow everything', (_, members) => {
    const iam = { ...NOBODY, RoleDetailList: [{ Arn: ROLE, ...members }] }
    expect(who({ keyPolicy: delegating, iam })).toEqual([ROOT, `${ROLE} ?`])
  })

  test('everyone whom IAM allows, where IAM was not read', () => {
    expect(listed({ keyPolicy: delegating, iam: undefined })).toEqual([
      expect.objectContaining({
        ...{ principal: ROOT, type: 'account', isMany: true },
        doubts: [expect.stringContaining(`everyone whom IAM of the account ${ACCOUNT} allows`)],
      }),
    ])
  })
})

test('a grant, with its constraints, unless the key policy denies it', () => {
  const Constraints = { EncryptionContextSubset: { tenant: 'a' } }
  const grants = [
    { GrantId: '1', GranteePrincipal: ROLE, Operations: ['Decrypt', 'DescribeKey'], Constraints },
    { GrantId: '2', GranteePrincipal: USER, Operations: ['Encrypt'] },
  ]
  expect(listed({ grants })).toEqual([
    expect.objectContaining({
      ...{ principal: ROLE, permissions: ['kms:Decrypt'], via: 'grant 1', conditions: [JSON.stringify(Constraints)] },
    }),
  ])
  expect(who({ grants, keyPolicy: byKeyPolicy(deny({ Principal: { AWS: ROLE } })) })).toEqual([])
})

test('nothing that is added to an Allow makes a list shorter, but what says so for certain', () => {
  const members = fc.record(
    {
      Condition: fc.constant({ Bool: {} }),
      Sid: fc.string(),
      Resource: fc.constantFrom('*', KEY, VARIABLE, ['*', 'y']),
    },
    { requiredKeys: [] },
  )
  const denials = fc.record({
    Principal: fc.constantFrom({ AWS: USER }, { AWS: ROOT }, { Service: 'x.amazonaws.com' }),
    Action: fc.constantFrom('kms:*', '*', 'kms:Decrypt'),
  })
  fc.assert(
    fc.property(members, fc.array(denials, { maxLength: 3 }), (allowed, denied) => {
      const keyPolicy = byKeyPolicy(allow({ Principal: { AWS: ROLE }, ...allowed }), ...denied.map(deny))
      expect(listed({ keyPolicy }).map(({ principal }) => principal)).toEqual([ROLE])
    }),
  )
})

test('wildcards fit as the regular expression of them does', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 })
  fc.assert(
    fc.property(letters, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 }), (pattern, text) => {
      const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`)
      expect(fits(pattern, text)).toBe(expression.test(text))
    }),
  )
})
