import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { type KmsSigningKey, kmsSigner } from '../../../src/audit/integrity/kms-signer.js'
import { parseVerifierKey, verifierKeyOf } from '../../../src/audit/integrity/note-key.js'
import { noteOf, openNote } from '../../../src/audit/integrity/signed-note.js'
import { InMemoryCallLedger } from '../../../src/kms/call-ledger.js'

const ORIGIN = 'audit.example/log'
const TEXT = `${ORIGIN}\n3\nroot\n`
const KEK = { provider: 'fake', id: 'log', version: '' }

const PAIRS = {
  ed25519: () => generateKeyPairSync('ed25519'),
  'ecdsa-p256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
}

function heldBy({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }): KmsSigningKey {
  return {
    kek: KEK,
    publicKey: async () => publicKey,
    async sign(text, algorithm, { onReply }) {
      onReply?.({ operation: 'Sign', status: 'ok', requestId: 'request-1' })
      return sign(algorithm === 'ed25519' ? null : 'sha256', text, privateKey)
    },
  }
}

describe.each(Object.entries(PAIRS))('%s', (algorithm, generate) => {
  test('a signature by the key of the KMS is verified by the text of its public key, and is in the ledger', async () => {
    const pair = generate()
    const ledger = new InMemoryCallLedger()
    const signer = kmsSigner(heldBy(pair), verifierKeyOf(ORIGIN, pair.publicKey), ledger)
    expect(signer.key.type.algorithm).toBe(algorithm)
    const note = noteOf(TEXT, signer.key, await signer.sign(Buffer.from(TEXT)))
    const key = parseVerifierKey(signer.key.text)
    expect(openNote(note, [key])).toBe(TEXT)
    expect(openNote(note.replace('\n3\n', '\n4\n'), [key])).toBeUndefined()
    const [entry] = ledger.entries
    expect(entry).toMatchObject({ operation: 'sign', kek: KEK, end: { outcome: 'succeeded', kek: KEK } })
    expect(entry?.end?.replies).toMatchObject([{ operation: 'Sign', requestId: 'request-1' }])
  })

  test('a signature by another key than the configured one is refused', async () => {
    const signer = kmsSigner(heldBy(generate()), verifierKeyOf(ORIGIN, generate().publicKey), new InMemoryCallLedger())
    await expect(signer.sign(Buffer.from(TEXT))).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION',
      message: expect.stringContaining(
        `expected a signature by the key ${signer.key.text}, found one that it does not`,
      ),
    })
  })
})

test('the key of ECDSA is written as other implementations write it: that of the public log of Sigstore', () => {
  const encoded =
    'AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNhtmPtrWm3U1eQXBogSMdGvXwBcK5AW5i0hrZLOC96l+smGNM7nwZ4QvFK/4sueRoVj//QP22Ni4Qt9DPfkWLc='
  const text = `rekor.sigstore.dev+c0d23d6a+${encoded}`
  expect(parseVerifierKey(text)).toMatchObject({ name: 'rekor.sigstore.dev', text, type: { algorithm: 'ecdsa-p256' } })
  expect(() => parseVerifierKey(text.replace('c0d23d6a', '00000000'))).toThrow(/another key/)
})

test.each([
  ['of another curve', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
  ['of RSA', generateKeyPairSync('rsa', { modulusLength: 2_048 })],
])('a key %s signs no log', (_, { publicKey }) => {
  expect(() => verifierKeyOf(ORIGIN, publicKey)).toThrow(/expected a public key of Ed25519 or ECDSA P-256/)
  const encoded = Buffer.concat([Buffer.from([2]), publicKey.export({ format: 'der', type: 'spki' })]).toString(
    'base64',
  )
  expect(() => parseVerifierKey(`${ORIGIN}+00000000+${encoded}`)).toThrow(/of Ed25519 or ECDSA P-256/)
})
