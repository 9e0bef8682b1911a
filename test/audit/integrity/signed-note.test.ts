import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { checkpointText, readCheckpoint, verifyCheckpoint } from '../../../src/audit/integrity/checkpoint.js'
import { signerOf } from '../../../src/audit/integrity/checkpoint-signer.js'
import {
  generateNoteKey,
  parseSigningKey,
  parseVerifierKey,
  verifierKeyOf,
} from '../../../src/audit/integrity/note-key.js'
import { noteOf, openNote } from '../../../src/audit/integrity/signed-note.js'

const ORIGIN = 'audit.example/log'
const { signingKey, verifier } = generateNoteKey(ORIGIN)
const signer = signerOf(signingKey)
const head = { origin: ORIGIN, size: 20852163, root: createHash('sha256').update('root').digest() }
const signed = async (text: string, by = signer) => noteOf(text, by.key, await by.sign(Buffer.from(text)))

describe('keys', () => {
  test('are written as other implementations of signed notes read them', () => {
    const [name, id, encoded] = verifier.text.split('+', 3) as [string, string, string]
    const key = Buffer.from(verifier.text.slice(name.length + id.length + 2), 'base64')
    expect([name, key.length, key[0]]).toEqual([ORIGIN, 33, 1])
    expect(id).toBe(createHash('sha256').update(`${ORIGIN}\n`).update(key).digest('hex').slice(0, 8))
    expect(signingKey).toMatch(/^PRIVATE\+KEY\+audit\.example\/log\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$/)
    expect(encoded).toBeDefined()
  })

  test('come back from their text', () => {
    expect(parseVerifierKey(`${verifier.text}\n`).text).toBe(verifier.text)
    expect(parseSigningKey(`${signingKey}\n`).verifier.text).toBe(verifier.text)
  })

  test.each([
    ['nothing', ''],
    ['a verifier key', verifier.text],
    ['another key id', signingKey.replace(/\+[0-9a-f]{8}\+/, '+00000000+')],
    ['a key that is too short', signingKey.slice(0, -8)],
  ])('a signing key that is %s is refused without repeating it', (_, text) => {
    expect(() => parseSigningKey(text)).toThrow(/^signing key of checkpoints: /)
    expect(() => parseSigningKey(text)).not.toThrow(signingKey.slice(-20))
  })

  test('a verifier key of another id, and a name with white space or a plus, are refused', () => {
    expect(() => parseVerifierKey(verifier.text.replace(/\+[0-9a-f]{8}\+/, '+00000000+'))).toThrow(/another key/)
    expect(() => parseVerifierKey('x')).toThrow(/expected "<name>/)
    for (const name of ['', 'a b', 'a+b']) {
      expect(() => verifierKeyOf(name, generateKeyPairSync('ed25519').publicKey)).toThrow(/name of a log/)
    }
  })
})

describe('a checkpoint', () => {
  test('is origin, size and root, and a signature of exactly these lines', async () => {
    const text = checkpointText(head)
    expect(text).toBe(`${ORIGIN}\n20852163\n${head.root.toString('base64')}\n`)
    const note = await signed(text)
    const bytes = Buffer.from(note.split(' ').at(-1)!, 'base64')
    expect(bytes.subarray(0, 4)).toEqual(verifier.id)
    expect(verify(null, Buffer.from(text), verifier.publicKey, bytes.subarray(4))).toBe(true)
    expect(verifyCheckpoint(note, [verifier])).toEqual(head)
  })

  test('may have more lines, which are signed and say nothing, and signatures of others', async () => {
    const other = signerOf(generateNoteKey('witness.example').signingKey)
    const text = `${checkpointText(head)}more\n`
    const note = (await signed(text)) + (await signed(text, other)).split('\n\n')[1]
    expect(verifyCheckpoint(note, [verifier])).toEqual(head)
    expect(verifyCheckpoint(note, [other.key])).toBeUndefined()
  })

  test('is not believed without a valid signature', async () => {
    const note = await signed(checkpointText(head))
    const stranger = generateNoteKey(ORIGIN).verifier
    const wrong = [
      note.replace('20852163', '20852164'),
      note.replace('— audit', '- audit'),
      note.slice(0, -1),
      note.replace(/\n\n.*\n/s, '\n\n'),
      checkpointText(head),
      note.replace(/(— \S+ ).*/, `$1${Buffer.concat([verifier.id, Buffer.alloc(64)]).toString('base64')}`),
      '',
    ]
    for (const text of wrong) expect(verifyCheckpoint(text, [verifier])).toBeUndefined()
    expect(verifyCheckpoint(note, [stranger])).toBeUndefined()
    expect(verifyCheckpoint(note, [])).toBeUndefined()
  })

  test('of another origin is not believed, though the key signed it', async () => {
    const note = await signed(checkpointText({ ...head, origin: 'other.example/log' }))
    expect(openNote(note, [verifier])).toBeDefined()
    expect(verifyCheckpoint(note, [verifier])).toBeUndefined()
  })

  test.each(['', 'a\n01\n', 'a\n-1\n', 'a\n1e3\n', 'a\n9007199254740993\n'])('%j is none', (beginning) => {
    expect(readCheckpoint(`${beginning}${head.root.toString('base64')}\n`)).toBeUndefined()
  })

  test('needs a root of 32 bytes', () => {
    expect(readCheckpoint(`a\n1\n${Buffer.alloc(31).toString('base64')}\n`)).toBeUndefined()
    expect(readCheckpoint(`a\n1\n${head.root.toString('base64url')}\n`)).toBeUndefined()
  })
})

test('what another key of the same name signed is ignored, and a wrong signature of ours spoils the note', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const namesake = verifierKeyOf(ORIGIN, publicKey)
  const text = checkpointText(head)
  const ours = await signed(text)
  const theirs = noteOf(text, namesake, sign(null, Buffer.from(text), privateKey)).split('\n\n')[1]!
  expect(openNote(ours + theirs, [verifier])).toBe(text)
  expect(openNote(ours + noteOf(text, verifier, Buffer.alloc(64)).split('\n\n')[1]!, [verifier])).toBeUndefined()
})
