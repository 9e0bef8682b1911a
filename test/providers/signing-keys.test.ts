import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { kmsSigner } from '../../src/audit/integrity/kms-signer.js'
import { parseVerifierKey, verifierKeyOf } from '../../src/audit/integrity/note-key.js'
import { noteOf, openNote } from '../../src/audit/integrity/signed-note.js'
import { InMemoryCallLedger } from '../../src/index.js'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { closeGcpServer } from './gcp-under-test.js'
import { signingUnderTest } from './signing-under-test.js'

const TEXT = 'audit.example/log\n3\nroot\n'

describe.each([
  ['aws', 'ed25519', 'Sign'],
  ['aws', 'ecdsa-p256', 'Sign'],
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
    const signingKey = await signingUnderTest[vendor]!(server, algorithm)
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
    const signingKey = await signingUnderTest[vendor]!(server, algorithm)
    server.faults.add({ fault: 'deny' })
    await expect(signingKey.sign(Buffer.from(TEXT), algorithm, {})).rejects.toMatchObject({
      code: 'ERR_KMS_ACCESS_DENIED',
    })
    server.faults.clear()
  })
})
