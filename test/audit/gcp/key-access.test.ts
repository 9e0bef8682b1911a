import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { connectGcpClient } from '../../../providers/gcp/connect.js'
import { credentials } from '../../../providers/gcp/key-access/connect-rest.js'
import { gcpPrincipals, type Role } from '../../../providers/gcp/key-access/principals.js'
import { keyAccessOf, readGcpKeyAccess } from '../../../providers/gcp/key-access/read.js'
import { restApi } from '../../../providers/gcp/rest-api.js'
import { type GcpLogServer, startGcpLogServer } from '../../../src/testing/servers/gcp/log-server.js'
import { type GcpTestServer, startGcpServer } from '../../../src/testing/servers/gcp/server.js'
import { closeGcpServer, gcpUnderTest } from '../../providers/gcp-under-test.js'

const RING = 'projects/acme/locations/global/keyRings/r'
const KEY = `${RING}/cryptoKeys/k`
const DECRYPT = 'cloudkms.cryptoKeyVersions.useToDecrypt'
const DELEGATED = 'cloudkms.cryptoKeyVersions.useToDecryptViaDelegation'
const APP = 'serviceAccount:app@acme.iam.gserviceaccount.com'
const set = (of: string) => `${of}.setIamPolicy`
const GIVING = ['cloudkms.cryptoKeys', 'cloudkms.keyRings', 'resourcemanager.projects', 'resourcemanager.folders'].map(
  set,
)

/** What a binding of a role with `permissions` makes of one member. */
const listed = (resource: string, permissions: readonly string[], member = APP, condition?: object) => {
  const bindings = [{ role: 'roles/r', members: [member], ...(condition && { condition }) }]
  const { principals, unread } = gcpPrincipals({
    policies: [{ resource, policy: { bindings } }],
    roles: new Map([['roles/r', { permissions }]]),
  })
  expect(unread).toEqual([])
  return principals
}

describe('a role on a resource', () => {
  const organization = 'organizations/1'
  test.each<readonly [string, string, readonly string[], readonly string[]]>([
    ['that decrypts, of the key', KEY, [DECRYPT, 'cloudkms.cryptoKeyVersions.useToEncrypt'], ['decrypt']],
    ['that decrypts, of the key ring', RING, [DECRYPT], ['decrypt']],
    ['that decrypts, of the organisation', organization, [DECRYPT], ['decrypt']],
    ['that decrypts for other services', KEY, [DELEGATED], ['decrypt', '?']],
    ['that decrypts both ways', KEY, [DECRYPT, DELEGATED], ['decrypt']],
    ['that encrypts', KEY, ['cloudkms.cryptoKeyVersions.useToEncrypt'], []],
    ['that sets the policy of the key', KEY, GIVING.slice(0, 1), ['administer']],
    ['that sets policies of rings, of the key', KEY, GIVING.slice(1, 2), []],
    ['that sets policies of rings, of the ring', RING, GIVING.slice(1, 2), ['administer']],
    ['that sets policies of projects, of the ring', RING, GIVING.slice(2, 3), []],
    ['that sets policies of projects, of the project', 'projects/acme', GIVING.slice(2, 3), ['administer']],
    ['that sets policies of folders, of the project', 'projects/acme', GIVING.slice(3, 4), []],
    ['that sets policies of folders, of a folder', 'folders/7', GIVING.slice(3, 4), ['administer']],
    ['that sets any policy, of the organisation', organization, [DECRYPT, ...GIVING], ['decrypt', 'administer']],
  ])('%s', (_, resource, permissions, expected) => {
    const found = listed(resource, permissions)
    expect(found.flatMap(({ may, doubts }) => [...may, ...doubts.map(() => '?')])).toEqual(expected)
  })
})

test.each([
  ['user:ann@acme.example', 'user', false, ['ann@acme.example', 'user:ann@acme.example']],
  [APP, 'serviceAccount', false, ['app@acme.iam.gserviceaccount.com', APP]],
  ['group:ops@acme.example', 'group', true, ['*']],
  ['domain:acme.example', 'domain', true, ['*']],
  ['allUsers', 'allUsers', true, ['*']],
  ['allAuthenticatedUsers', 'allAuthenticatedUsers', true, ['*']],
  ['projectOwner:acme', 'projectOwner', true, ['*']],
  ['principal://iam.googleapis.com/p/subject/s', 'principal', false, ['principal://iam.googleapis.com/p/subject/s']],
  ['principalSet://iam.googleapis.com/p/*', 'principalSet', true, ['*']],
  ['whoever', 'whoever', true, ['*']],
  ['', 'unknown', true, ['*']],
])('the member %j, and how the audit logs name him', (member, type, isMany, inTrail) => {
  const principal = member === 'allUsers' ? '*' : member
  expect(listed(KEY, [DECRYPT], member)).toMatchObject([{ principal, type, isMany, inTrail, doubts: [] }])
})

test('who was deleted is listed with a doubt, as the logs named him', () => {
  expect(listed(KEY, [DECRYPT], 'deleted:user:ann@acme.example?uid=12')).toMatchObject([
    {
      type: 'user',
      inTrail: ['ann@acme.example', 'user:ann@acme.example'],
      doubts: [expect.stringContaining('deleted')],
    },
  ])
})

test('a rule says by what, and under which conditions', () => {
  const condition = { title: 'for now', expression: 'request.time < timestamp("2027-01-01T00:00:00Z")' }
  expect(listed('projects/acme', [DECRYPT, GIVING[0]!], APP, condition)).toMatchObject([
    {
      ...{ principal: APP, via: 'roles/r on projects/acme', permissions: [DECRYPT, GIVING[0]] },
      conditions: [condition.expression],
    },
  ])
})

test('a role that was not read may allow everything: whoever has it is listed, with a doubt', () => {
  const policies = [{ resource: KEY, policy: { bindings: [{ role: 'projects/acme/roles/own', members: [APP] }] } }]
  const roles = new Map<string, Role>([['projects/acme/roles/own', { unread: 'PERMISSION_DENIED' }]])
  const { principals } = gcpPrincipals({ policies, roles })
  expect(principals).toMatchObject([{ may: ['decrypt', 'administer'], doubts: [/PERMISSION_DENIED/] }].map(matching))
})
const matching = ({ doubts, ...rest }: { doubts: RegExp[] }) => ({
  ...rest,
  doubts: doubts.map((each) => expect.stringMatching(each)),
})

test.each([
  ['a binding without a role', [{ members: [APP] }]],
  ['a binding without members', [{ role: 'roles/r' }]],
  ['something else in a binding', ['roles/r']],
  ['something else than bindings', { role: 'roles/r', members: [APP] }],
  ['text', 'roles/r'],
])('%s is unread and not empty', (_, bindings) => {
  const { principals, unread } = gcpPrincipals({
    policies: [{ resource: KEY, policy: { bindings } }],
    roles: new Map(),
  })
  const expected = Array.isArray(bindings) || typeof bindings === 'string' ? [expect.stringContaining(KEY)] : []
  expect([unread, principals.length]).toEqual([expected, expected.length === 0 ? 1 : 0])
})

describe('read from the servers', () => {
  let [kms, rest]: [GcpTestServer, GcpLogServer] = [] as never
  beforeAll(async () => {
    kms = await startGcpServer()
    rest = await startGcpLogServer(kms)
  })
  afterAll(async () => {
    await rest.close()
    await closeGcpServer(kms)
  })

  const sectionOf = (key: string) => ({ key, endpoint: kms.endpoint, insecure: 'true' })
  const read = async (key: string) => {
    const { client } = await connectGcpClient(sectionOf(key))
    const [found] = await keyAccessOf({ client, api: restApi(async () => ({}), rest.endpoint), keys: [key] }, {})
    await client.close()
    return found!
  }
  const condition = { title: 't', expression: 'resource.name.endsWith("kek")' }
  const one = (role: string, name: string, more = {}) => ({ role, members: [`user:${name}`], ...more })

  test('policies of key, ring, project, folder and organisation, and what their roles allow', async () => {
    const { key, operator } = await gcpUnderTest(kms)
    const ring = key.replace('/cryptoKeys/kek', '')
    const decrypter = 'roles/cloudkms.cryptoKeyDecrypter'
    const set = (resource: string, bindings: object[]) =>
      operator.setIamPolicy({ resource, policy: { bindings } } as never)
    // The first word of whoever calls, who may ask on.
    await set(key, [one(decrypter, 'conditional', { condition }), one('roles/cloudkms.admin', 'grpc-node-js')])
    await set(ring, [one(decrypter, 'of-the-ring')])
    rest.roles = {
      [decrypter]: [DECRYPT],
      'roles/cloudkms.admin': ['cloudkms.cryptoKeys.setIamPolicy'],
      'projects/test/roles/own': [DECRYPT],
      'roles/owner': [DECRYPT, 'resourcemanager.projects.setIamPolicy'],
      'roles/viewer': ['cloudkms.cryptoKeys.get'],
    }
    rest.policies = {
      'projects/test': {
        bindings: [one('projects/test/roles/own', 'custom', { condition }), one('roles/viewer', 'v')],
      },
      'folders/7': { bindings: [one('roles/owner', 'of-the-folder')] },
      'organizations/1': { bindings: [one('roles/not.known', 'of-the-organisation')] },
    }
    const { principals, unread, kekId } = await read(key)
    expect([kekId, unread]).toEqual([key, []])
    expect(
      principals.map(({ principal, may, via, conditions }) => [principal, may.join('+'), via, conditions]),
    ).toEqual([
      ['user:conditional', 'decrypt', `${decrypter} on ${key}`, [condition.expression]],
      ['user:grpc-node-js', 'administer', `roles/cloudkms.admin on ${key}`, []],
      ['user:of-the-ring', 'decrypt', `${decrypter} on ${ring}`, []],
      ['user:custom', 'decrypt', 'projects/test/roles/own on projects/test', [condition.expression]],
      ['user:of-the-folder', 'decrypt+administer', 'roles/owner on folders/7', []],
      ['user:of-the-organisation', 'decrypt+administer', 'roles/not.known on organizations/1', []],
    ])
    expect(principals.at(-1)!.doubts).toEqual([expect.stringContaining('PERMISSION_DENIED')])
  })

  test('what may not be read is said, each by its name', async () => {
    const { key } = await gcpUnderTest(kms)
    const ring = key.replace('/cryptoKeys/kek', '')
    kms.faults.add({ fault: 'deny', operation: 'GetIamPolicy', times: 2 })
    rest.faults.add({ fault: 'deny', times: 2 })
    const { principals, unread } = await read(key)
    expect([principals, unread]).toEqual([
      [],
      [
        `the policy of ${key} could not be read: PERMISSION_DENIED`,
        `the policy of ${ring} could not be read: PERMISSION_DENIED`,
        'what is above projects/test could not be read: PERMISSION_DENIED',
        'the policy of projects/test could not be read: PERMISSION_DENIED',
      ],
    ])
  })

  test('what is asked beside the KMS is asked with a token for all of Google Cloud, on the quota of the configuration', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'waxseal-gcp-'))
    const asked: string[] = []
    const exchange = createServer((request, response) => {
      request.on('data', (body) => asked.push(String(body)))
      response.setHeader('content-type', 'application/json')
      request.on('end', () => response.end(JSON.stringify({ access_token: 'exchanged', expires_in: 3_600 })))
    }).listen(0, '127.0.0.1')
    await once(exchange, 'listening')
    await writeFile(join(folder, 'subject'), 'a token of another issuer')
    const file = join(folder, 'credentials.json')
    const federated = {
      ...{
        type: 'external_account',
        audience: '//iam.googleapis.com/p',
        credential_source: { file: join(folder, 'subject') },
      },
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `http://127.0.0.1:${(exchange.address() as AddressInfo).port}/v1/token`,
    }
    await writeFile(file, JSON.stringify(federated))
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = file
    try {
      const headers = new Headers(await (await credentials('billed'))('https://iam.googleapis.com/v1/roles/viewer'))
      expect([...headers]).toEqual([
        ['authorization', 'Bearer exchanged'],
        ['x-goog-user-project', 'billed'],
      ])
      expect(new URLSearchParams(asked.join('')).get('scope')).toBe('https://www.googleapis.com/auth/cloud-platform')
    } finally {
      delete process.env['GOOGLE_APPLICATION_CREDENTIALS']
      exchange.closeAllConnections()
      exchange.close()
      await rm(folder, { recursive: true })
    }
  })

  test('by a test server of the KMS alone nothing above the key ring is read', async () => {
    const { key } = await gcpUnderTest(kms)
    expect(await readGcpKeyAccess(sectionOf(key), {})).toMatchObject([
      { principals: [], unread: [expect.stringMatching(/^the policies of projects\/test .*"insecure"/)] },
    ])
  })

  test('a KMS that gives no answer has no list', async () => {
    const { key } = await gcpUnderTest(kms)
    kms.faults.add({ fault: 'lost reply', operation: 'GetIamPolicy', times: 1 })
    await expect(readGcpKeyAccess(sectionOf(key), {})).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE' })
  })
})
