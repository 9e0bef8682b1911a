import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { connectAzureSigningKey } from '../../providers/azure/signing-key.js'
import { kmsSigner } from '../../src/audit/integrity/kms-signer.js'
import { parseVerifierKey, verifierKeyOf } from '../../src/audit/integrity/note-key.js'
import { noteOf, openNote } from '../../src/audit/integrity/signed-note.js'
import { InMemoryCallLedger } from '../../src/index.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { azureClient } from './azure-under-test.js'
import { closeGcpServer } from './gcp-under-test.js'
import { azureSigningSection, signingUnderTest } from './signing-under-test.js'

const TEXT = 'audit.example/log\n3\nroot\n'

describe.each([
  ['aws', 'ed25519', 'Sign'],
  ['aws', 'ecdsa-p256', 'Sign'],
  ['azure', 'ecdsa-p256', 'KeySign'],
  ['gcp', 'ed25519', 'AsymmetricSign'],
  ['gcp', 'ecdsa-p256', 'AsymmetricSign'],
  ['vault', 'ed25519', 'transit/sign'],
  ['vault', 'ecdsa-p256', 'transit/sign'],
] as const)('%s, %s', (vendor, algorithm, operation) => {
  let server: TestKmsServer
  beforeAll(async () => {
    server = await startTestKms(vendor)
  })
  afterAll(() => (vendor === 'gcp' ? closeGcpServer(server) : server.close()))

  test('what it signs is verified by the text of its public key, and the ledger has the request', async () => {
    const signingKey = await signingUnderTest[vendor](server, algorithm)
    const ledger = new InMemoryCallLedger()
    const signer = kmsSigner(signingKey, verifierKeyOf('audit.example/log', await signingKey.publicKey({})), ledger)
    const note = noteOf(TEXT, signer.key, await signer.sign(Buffer.from(TEXT)))
    expect(openNote(note, [parseVerifierKey(signer.key.text)])).toBe(TEXT)
    expect(signer.key.type.algorithm).toBe(algorithm)
    const { requestId } = server.calls.at(-1)!
    const [{ callToken, ...entry }] = ledger.entries as [(typeof ledger.entries)[number]]
    expect(entry).toMatchObject({
      operation: 'sign',
      kek: signingKey.kek,
      end: { replies: [{ operation, status: 'ok' }] },
    })
    // Who gives requests no id is told the token of the attempt.
    expect([entry.end!.replies[0]!.requestId, callToken]).toContain(requestId)
  })

  test('a refusal is an error of ours, without what was sent', async () => {
    const signingKey = await signingUnderTest[vendor](server, algorithm)
    server.faults.add({ fault: 'deny' })
    await expect(signingKey.sign(Buffer.from(TEXT), algorithm, {})).rejects.toMatchObject({
      code: 'ERR_KMS_ACCESS_DENIED',
    })
    server.faults.clear()
  })
})

describe('azure, what it cannot', () => {
  let server: TestKmsServer
  beforeAll(async () => {
    server = await startTestKms('azure')
  })
  afterAll(() => server.close())

  test('Ed25519 is refused without a call', async () => {
    const signingKey = await connectAzureSigningKey(await azureSigningSection(server))
    const before = server.calls.length
    await expect(signingKey.sign(Buffer.from(TEXT), 'ed25519', {})).rejects.toThrow(
      /neither Key Vault nor Managed HSM signs with ed25519; expected "verifierKey"/,
    )
    expect(server.calls).toHaveLength(before)
  })

  test('a key of another type is refused when its public key is asked for', async () => {
    const section = await azureSigningSection(server)
    const { keys } = await azureClient(server, 'test')
    await keys.createRsaKey('rsa', { keySize: 2_048 })
    const signingKey = await connectAzureSigningKey({ ...section, key: 'rsa' })
    await expect(signingKey.publicKey({})).rejects.toThrow('must be EC P-256, found RSA')
  })

  test('after a rotation the newest version signs, and by the former key nothing is kept', async () => {
    const section = await azureSigningSection(server)
    const signingKey = await connectAzureSigningKey(section)
    const signer = async () =>
      kmsSigner(signingKey, verifierKeyOf('log', await signingKey.publicKey({})), new InMemoryCallLedger())
    const former = await signer()
    await expect(former.sign(Buffer.from(TEXT))).resolves.toBeInstanceOf(Uint8Array)
    await (await azureClient(server, 'test')).keys.rotateKey(section.key)
    await expect(former.sign(Buffer.from(TEXT))).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
    await expect((await signer()).sign(Buffer.from(TEXT))).resolves.toBeInstanceOf(Uint8Array)
  })

  test.each([
    ['key', { vaultUrl: 'https://shop.vault.azure.net' }],
    ['key', { vaultUrl: 'https://shop.vault.azure.net', key: 'log/1' }],
    ['vaultUrl', { key: 'log' }],
    ['signingKey', { vaultUrl: 'https://shop.vault.azure.net', key: 'log', signingKey: 'x' }],
  ])('the option %s of %j is refused', async (option, section) => {
    await expect(connectAzureSigningKey(section)).rejects.toThrow(`"${option}"`)
  })
})
