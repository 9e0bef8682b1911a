import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { gcpTrail } from '../../providers/gcp/audit-trail.js'
import { connectGcpSigningKey } from '../../providers/gcp/signing-key.js'
import { assertRejects } from '../../src/testing/contract/assertions.js'
import { type GcpTestServer, startGcpServer } from '../../src/testing/servers/gcp/server.js'
import { closeGcpServer } from './gcp-under-test.js'
import { gcpSigningSection } from './signing-under-test.js'

const TEXT = Buffer.from('audit.example/log\n3\nroot\n')
const KEY = 'projects/test/locations/global/keyRings/test/cryptoKeys/log'
let server: GcpTestServer

beforeAll(async () => {
  server = await startGcpServer()
})
afterAll(() => closeGcpServer(server))

test.each([
  ['has no version', { key: KEY }, /named with its version/],
  ['has a version that is none', { key: `${KEY}/cryptoKeyVersions/0` }, /named with its version/],
  ['has previous ones', { key: `${KEY}/cryptoKeyVersions/1`, previousKeys: KEY }, /"formerKeys"/],
])('a key that signs and %s is refused', async (_, section, message) => {
  const refused = await assertRejects(connectGcpSigningKey(section), 'ERR_CONFIGURATION')
  expect(refused).toMatchObject({ message: expect.stringMatching(message) })
})

test.each([
  ['ed25519', 'request', 'data', 'AsymmetricSign'],
  ['ed25519', 'request', 'dataCrc32c', 'AsymmetricSign'],
  ['ecdsa-p256', 'request', 'digestCrc32c', 'AsymmetricSign'],
  ['ecdsa-p256', 'reply', 'signature', 'AsymmetricSign'],
  ['ed25519', 'reply', 'pem', 'GetPublicKey'],
] as const)(
  'CRC mismatch both ways, %s: a %s whose %s was altered on its way',
  async (algorithm, of, field, operation) => {
    const key = await connectGcpSigningKey(await gcpSigningSection(server, algorithm))
    const send = () => (operation === 'GetPublicKey' ? key.publicKey({}) : key.sign(TEXT, algorithm, {}))
    await send()
    server.faults.add({ fault: 'corruption', of, field, operation, times: 1 })
    const damaged = await assertRejects(send(), 'ERR_KMS_UNAVAILABLE', true)
    expect(damaged).toMatchObject({ reason: 'network', message: expect.stringContaining('checksum') })
  },
)

test('a signature by another version than the one that was named is not taken', async () => {
  const key = await connectGcpSigningKey(await gcpSigningSection(server, 'ed25519'))
  server.faults.add({ fault: 'corruption', of: 'reply', field: 'name', operation: 'AsymmetricSign', times: 1 })
  const refused = await assertRejects(key.sign(TEXT, 'ed25519', {}), 'ERR_CONFIGURATION')
  expect(refused).toMatchObject({ message: expect.stringContaining('another key version') })
})

test('a signature is an event of the key and the version that the ledger names', async () => {
  const key = await connectGcpSigningKey(await gcpSigningSection(server, 'ecdsa-p256'))
  server.log.clear()
  await key.sign(TEXT, 'ecdsa-p256', {})
  server.advance(60_000)
  const events = server.log.entries.map((entry) => gcpTrail.normalize({ raw: JSON.stringify(entry) }))
  const { id: kekId, version: kekVersion } = key.kek
  expect(events).toMatchObject([{ event: { operation: 'AsymmetricSign', operationClass: 'sign', kekId, kekVersion } }])
})
