import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { awsAccess } from '../../providers/aws/access.js'
import { ACCESS_ROLES, type AccessRole } from '../../src/kms/access.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { awsClient } from './aws-under-test.js'

const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef'

describe('the policy of a', () => {
  const LOOK = { Sid: 'WaxsealLook', Effect: 'Allow', Action: ['kms:DescribeKey'], Resource: KEY }
  const use = (...Action: string[]) => ({ Sid: 'WaxsealUse', Effect: 'Allow', Action, Resource: KEY })
  const ROTATIONS = ['kms:GetKeyRotationStatus', 'kms:ListKeyRotations']
  const AUDITS = ['kms:DescribeKey', ...ROTATIONS, 'kms:ListResourceTags', 'kms:GetKeyPolicy', 'kms:ListGrants']
  const SEES = ['LookupEvents', 'GetTrail', 'GetTrailStatus', 'GetEventSelectors', 'ListPublicKeys']
  const TRAIL = {
    Sid: 'WaxsealTrail',
    Effect: 'Allow',
    Action: SEES.map((each) => `cloudtrail:${each}`),
    Resource: '*',
  }
  const IDENTITIES = ['iam:GetAccountAuthorizationDetails']
  const ACCOUNT = { Sid: 'WaxsealAccount', Effect: 'Allow', Action: IDENTITIES, Resource: '*' }
  const EXPECTED: Readonly<Record<AccessRole, readonly object[]>> = {
    writer: [use('kms:GenerateDataKey', 'kms:Encrypt', 'kms:Decrypt'), LOOK],
    reader: [use('kms:Decrypt'), LOOK],
    rotator: [use('kms:ReEncryptFrom', 'kms:ReEncryptTo', 'kms:Encrypt', 'kms:Decrypt'), LOOK],
    auditor: [{ ...LOOK, Action: AUDITS }, TRAIL, ACCOUNT],
  }

  test.each(ACCESS_ROLES)('%s allows what it needs, on the key alone', (role) => {
    const [policy, ...others] = awsAccess.policy({ role, key: KEY, entities: [] })
    expect(others).toEqual([])
    expect(policy!.title).toBe(`IAM policy for the ${role}`)
    expect(JSON.parse(policy!.text)).toEqual({ Version: '2012-10-17', Statement: EXPECTED[role] })
  })

  test('reader of a trail in Terraform allows what that of the auditor does', () => {
    const terraform = readFileSync('providers/aws/audit-trail.tf', 'utf8')
    expect([...new Set(terraform.match(/cloudtrail:\w+(?=")/g))].sort()).toEqual([...TRAIL.Action].sort())
  })

  test('writer of some entities is bound to them by the encryption context, and to the canary of doctor', () => {
    const [policy] = awsAccess.policy({ role: 'writer', key: KEY, entities: ['credential', 'token'] })
    const [uses, looks] = JSON.parse(policy!.text).Statement
    const entities = ['credential', 'token', 'waxseal-doctor']
    expect(uses.Condition).toEqual({ StringEquals: { 'kms:EncryptionContext:waxseal-entity': entities } })
    expect(looks).not.toHaveProperty('Condition')
  })

  test('reader in Terraform is the same policy', () => {
    const request = { role: 'reader', key: KEY, entities: [] } as const
    const [terraform] = awsAccess.policy({ ...request, format: 'terraform' })
    const [, name, json] = /^resource "aws_iam_policy" "(\w+)" \{\n.*<<-POLICY\n(.*)\n {2}POLICY\n\}\n$/s.exec(
      terraform!.text,
    )!
    expect(name).toBe('waxseal_reader')
    expect(JSON.parse(json!)).toEqual(JSON.parse(awsAccess.policy(request)[0]!.text))
  })

  test.each(['alias/credentials', '01234567-89ab-cdef-0123-456789abcdef', `${KEY}/*`])('key %s is none', (key) => {
    expect(() => awsAccess.policy({ role: 'writer', key, entities: [] })).toThrow(
      expect.objectContaining({
        code: 'ERR_CONFIGURATION',
        message: expect.stringContaining('names a key by its ARN'),
      }),
    )
  })
})

describe('what doctor finds', () => {
  const REST: Readonly<Record<AccessRole, readonly string[]>> = {
    writer: ['ReEncrypt'],
    reader: ['GenerateDataKey', 'Encrypt', 'ReEncrypt'],
    rotator: ['GenerateDataKey'],
    auditor: ['GenerateDataKey', 'Encrypt', 'Decrypt', 'ReEncrypt'],
  }
  let server: TestKmsServer

  beforeAll(async () => {
    server = await startTestKms('aws')
    for (const [name, value] of Object.entries(server.environment)) process.env[name] = value
  })
  afterAll(() => server.close())

  async function newKey(options: { readonly rotates: boolean } = { rotates: true }): Promise<string> {
    const { KeyMetadata } = await awsClient(server).createKey({})
    if (options.rotates) await awsClient(server).enableKeyRotation({ KeyId: KeyMetadata!.Arn! })
    return KeyMetadata!.Arn!
  }

  /** With an identity that is denied these operations. */
  async function examine(role: AccessRole, denied: readonly string[], key?: string): Promise<Record<string, string>> {
    for (const operation of denied) server.faults.add({ fault: 'deny', operation })
    try {
      const section = { key: key ?? (await newKey()), endpoint: server.endpoint }
      const findings = await awsAccess.examine(section, role, {})
      for (const { remedy } of findings) expect(remedy).not.toBe('')
      return Object.fromEntries(findings.map(({ code, message }) => [code, message]))
    } finally {
      server.faults.clear()
    }
  }

  test.each(ACCESS_ROLES)('a %s with what it needs, and no more', async (role) => {
    expect(await examine(role, REST[role])).toEqual({ ACCESS_AS_NEEDED: expect.stringContaining(`a ${role} may `) })
  })

  test('nothing is done with the key: every question is a dry run', async () => {
    const before = server.calls.length
    await examine('writer', [])
    const asked = server.calls.slice(before).filter(({ operation }) => REST.auditor.includes(operation))
    expect(asked.map(({ status }) => status).sort()).toEqual([
      'DryRunOperationException',
      'DryRunOperationException',
      'InvalidCiphertextException',
      'InvalidCiphertextException',
    ])
  })

  test('what is missing', async () => {
    const found = await examine('writer', ['Encrypt', 'Decrypt', 'ReEncrypt'])
    expect(found).toEqual({ ACCESS_MISSING: expect.stringMatching(/needs kms:Encrypt, kms:Decrypt, which/) })
  })

  test('what is too much', async () => {
    const found = await examine('reader', ['ReEncrypt'])
    expect(found).toEqual({
      ACCESS_EXCESSIVE: expect.stringMatching(/without kms:GenerateDataKey, kms:Encrypt, which/),
    })
  })

  test('what a KMS that fails does not say', async () => {
    server.faults.add({ fault: 'server error', operation: 'Encrypt' })
    expect(await examine('writer', ['ReEncrypt'])).toEqual({
      ACCESS_UNPROVEN: expect.stringContaining('kms:Encrypt could not'),
    })
  })

  test('a key that may not be described, or is not there', async () => {
    expect(await examine('writer', ['DescribeKey'])).toEqual({
      ACCESS_MISSING: expect.stringContaining('AccessDeniedException'),
    })
    expect(await examine('writer', [], KEY.replace('eu-central-1', 'us-east-1'))).toEqual({
      ACCESS_MISSING: expect.stringContaining('NotFoundException'),
    })
  })

  test('a key whose rotation is off, with the command that switches it on', async () => {
    const key = await newKey({ rotates: false })
    expect(await examine('writer', ['ReEncrypt'], key)).toMatchObject({
      KEK_NOT_ROTATED: `${key}: automatic rotation is off`,
    })
    expect(await examine('writer', ['ReEncrypt', 'GetKeyRotationStatus'])).toMatchObject({
      ACCESS_UNPROVEN: expect.stringContaining('GetKeyRotationStatus answered AccessDeniedException'),
    })
  })

  test('a key that is disabled', async () => {
    const key = await newKey()
    await awsClient(server).disableKey({ KeyId: key })
    expect(await examine('writer', [], key)).toMatchObject({
      KEK_UNSUITABLE: `${key}: its state is Disabled, expected Enabled`,
    })
  })
})
