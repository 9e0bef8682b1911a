import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { gcpAccess } from '../../providers/gcp/access.js'
import type { AccessRole } from '../../src/kms/access.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { closeGcpServer, type GcpUnderTest, gcpUnderTest } from './gcp-under-test.js'

const KEY = 'projects/acme/locations/europe-west1/keyRings/credentials/cryptoKeys/kek'
let server: TestKmsServer

beforeAll(async () => {
  server = await startTestKms('gcp')
})
afterAll(() => closeGcpServer(server))

/** Without TLS the SDK names nobody: what the channel of `connectGcp` says of itself. */
const SELF = 'grpc-node-js'

async function keyFor(roles: readonly string[], change?: (underTest: GcpUnderTest) => Promise<void>) {
  const underTest = await gcpUnderTest(server)
  await change?.(underTest)
  const bindings = [
    { role: 'roles/cloudkms.admin', members: ['user:operator'] },
    ...roles.map((role) => ({ role: `roles/cloudkms.${role}`, members: [`serviceAccount:${SELF}`] })),
  ]
  // The SDK declares a message, and takes its members.
  await underTest.operator.setIamPolicy({ resource: underTest.key, policy: { bindings } } as never)
  return underTest.key
}

const examine = async (key: string, role: AccessRole) => {
  const findings = await gcpAccess.examine({ key, endpoint: server.endpoint, insecure: 'true' }, role, {})
  return Object.fromEntries(findings.map(({ code, message }) => [code, message]))
}

test.each([
  ['writer', ['cryptoKeyEncrypterDecrypter', 'viewer']],
  ['rotator', ['cryptoKeyEncrypterDecrypter', 'viewer']],
  ['reader', ['cryptoKeyDecrypter']],
  ['auditor', ['viewer']],
] as const)('a %s with what it needs, and no more', async (role, granted) => {
  expect(await examine(await keyFor(granted), role)).toMatchObject({ ACCESS_AS_NEEDED: expect.any(String) })
})

test('what is missing, and what is too much', async () => {
  const key = await keyFor(['cryptoKeyEncrypterDecrypter', 'admin'])
  expect(await examine(await keyFor(['cryptoKeyDecrypter']), 'writer')).toMatchObject({
    ACCESS_MISSING: expect.stringMatching(/useToEncrypt.*cryptoKeys\.get/),
    ACCESS_UNPROVEN: expect.stringMatching(/PERMISSION_DENIED/),
  })
  expect(await examine(key, 'writer')).toMatchObject({
    ACCESS_EXCESSIVE: expect.stringMatching(/setIamPolicy.*destroy/),
  })
  expect(await examine(key, 'reader')).toMatchObject({ ACCESS_EXCESSIVE: expect.stringMatching(/useToEncrypt/) })
})

test('a key that is not rotated by itself, with the command that sets it', async () => {
  const key = await keyFor(['viewer'])
  expect(await examine(key, 'auditor')).toMatchObject({ KEK_NOT_ROTATED: expect.stringContaining(key) })
  const rotated = await keyFor(['viewer'], async ({ operator, key: name }) => {
    const cryptoKey = { name, rotationPeriod: { seconds: 7_776_000 } }
    await operator.updateCryptoKey({ cryptoKey, updateMask: { paths: ['rotation_period'] } })
  })
  expect(await examine(rotated, 'auditor')).not.toHaveProperty('KEK_NOT_ROTATED')
})

test('a primary version that is disabled', async () => {
  const key = await keyFor(['viewer'], async ({ control, provider }) => control.disable(await provider.currentKek({})))
  expect(await examine(key, 'auditor')).toMatchObject({ KEK_UNSUITABLE: expect.stringContaining('DISABLED') })
})

test.each([
  ['is for another purpose', { purpose: 'MAC' }, 'MAC'],
  ['is held elsewhere', { purpose: 'ENCRYPT_DECRYPT', versionTemplate: { protectionLevel: 'EXTERNAL' } }, 'EXTERNAL'],
] as const)('a key that %s', async (_, cryptoKey, found) => {
  const { operator, identity } = await gcpUnderTest(server)
  const parent = `projects/test/locations/global/keyRings/${identity}`
  const [{ name }] = await operator.createCryptoKey({ parent, cryptoKeyId: 'other', cryptoKey })
  expect(await examine(name!, 'writer')).toMatchObject({ KEK_UNSUITABLE: expect.stringContaining(found) })
})

test('a KMS that is not there', async () => {
  expect(await examine(`${KEY}x`, 'writer')).toEqual({ ACCESS_UNPROVEN: expect.stringContaining('NOT_FOUND') })
})

const BIND =
  'gcloud kms keys add-iam-policy-binding kek --keyring=credentials --location=europe-west1 --project=acme ' +
  String.raw`--member='user:o'\''brien@example.org' --role=`
const CREATE = (role: string) =>
  `gcloud iam roles create waxseal${role} --project=acme --title="waxseal ${role.toLowerCase()}" --stage=GA --permissions=`
const [USE, LOOK] = [
  'cloudkms.cryptoKeyVersions.useToEncrypt,cloudkms.cryptoKeyVersions.useToDecrypt',
  'cloudkms.cryptoKeys.get',
]

test.each<readonly [AccessRole, readonly string[]]>([
  ['writer', [`${CREATE('Writer')}${USE},${LOOK}`, `${BIND}projects/acme/roles/waxsealWriter`]],
  ['rotator', [`${CREATE('Rotator')}${USE},${LOOK}`, `${BIND}projects/acme/roles/waxsealRotator`]],
  ['reader', [`${BIND}roles/cloudkms.cryptoKeyDecrypter`]],
  [
    'auditor',
    [
      `${CREATE('Auditor')}${LOOK},cloudkms.cryptoKeyVersions.get,cloudkms.cryptoKeyVersions.list`,
      `${BIND}projects/acme/roles/waxsealAuditor`,
      String.raw`gcloud projects add-iam-policy-binding acme --member='user:o'\''brien@example.org' ` +
        '--role=roles/logging.privateLogViewer --condition=None',
      String.raw`gcloud projects add-iam-policy-binding acme --member='user:o'\''brien@example.org' ` +
        '--role=roles/iam.securityReviewer --condition=None',
    ],
  ],
])('the policy of a %s, as commands for a shell', (role, expected) => {
  const documents = gcpAccess.policy({ role, key: KEY, entities: [], principal: "user:o'brien@example.org" })
  expect(documents.map(({ text }) => text)).toEqual(expected.map((line) => `${line}\n`))
})

test.each([
  ['a key that is no name', { key: 'kek', entities: [] }],
  ['entities, which IAM does not see', { key: KEY, entities: ['credential'] }],
])('no policy for %s', (_, wrong) => {
  const policy = () => gcpAccess.policy({ role: 'writer', ...wrong })
  expect(policy).toThrow(expect.objectContaining({ code: 'ERR_CONFIGURATION' }))
})
