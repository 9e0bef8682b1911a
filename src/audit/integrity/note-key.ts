import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { ConfigurationError } from '../../errors.js'
import { decodePublicKey, type SignatureType, signatureTypeOf } from './signature-type.js'

/** Of C2SP `signed-note`: a key in a file is of the type 1. */
const ED25519 = Buffer.from([1])
const SEED_BYTES = 32
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const PRIVATE = 'PRIVATE+KEY+'
/** Neither white space nor `+`, which stands between the parts of a key. */
const NAME = /^[^\s+]+$/u

/** Whose signatures are believed. `name` is the origin of the log. */
export interface VerifierKey {
  readonly name: string
  readonly id: Buffer
  readonly publicKey: KeyObject
  readonly type: SignatureType
  /** `<name>+<key id>+<base64>`, as everybody may have it. */
  readonly text: string
}

export interface NoteKeyPair {
  readonly verifier: VerifierKey
  readonly privateKey: KeyObject
}

/** `signingKey` is a secret: whoever has it can sign another history. */
export function generateNoteKey(name: string): { readonly signingKey: string; readonly verifier: VerifierKey } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const verifier = verifierKeyOf(name, publicKey)
  const seed = Buffer.from(privateKey.export({ format: 'jwk' }).d as string, 'base64url')
  const encoded = Buffer.concat([ED25519, seed]).toString('base64')
  return { signingKey: `${PRIVATE}${name}+${verifier.id.toString('hex')}+${encoded}`, verifier }
}

/** Never repeats what it was given: it may be the key. */
export function parseSigningKey(text: string): NoteKeyPair {
  const parts = text.trim().startsWith(PRIVATE) ? partsOf(text.trim().slice(PRIVATE.length)) : undefined
  if (!parts || parts.key[0] !== ED25519[0] || parts.key.length !== 1 + SEED_BYTES) {
    throw new ConfigurationError(
      'signing key of checkpoints: expected "PRIVATE+KEY+<name>+<key id>+<base64>", found something else; "waxseal audit keygen" makes one',
    )
  }
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8, parts.key.subarray(1)]),
    format: 'der',
    type: 'pkcs8',
  })
  const verifier = verifierKeyOf(parts.name, createPublicKey(privateKey))
  if (verifier.id.equals(parts.id)) return { verifier, privateKey }
  throw new ConfigurationError('signing key of checkpoints: its key id is that of another key')
}

export function parseVerifierKey(text: string): VerifierKey {
  const parts = partsOf(text.trim())
  const publicKey = parts && decodePublicKey(parts.key)
  if (!parts || !publicKey) {
    throw new ConfigurationError(
      'verifier key: expected "<name>+<key id>+<base64>" of Ed25519 or ECDSA P-256, found something else',
    )
  }
  const verifier = verifierKeyOf(parts.name, publicKey)
  if (verifier.id.equals(parts.id)) return verifier
  throw new ConfigurationError('verifier key: its key id is that of another key')
}

/** For a key that lies elsewhere. */
export function verifierKeyOf(name: string, publicKey: KeyObject): VerifierKey {
  if (!NAME.test(name)) {
    throw new ConfigurationError('name of a log: expected text without white space and "+", such as audit.example/log')
  }
  const type = signatureTypeOf(publicKey)
  if (!type) {
    throw new ConfigurationError(
      `verifier key: expected a public key of Ed25519 or ECDSA P-256, found one of "${publicKey.asymmetricKeyType}"`,
    )
  }
  const key = Buffer.concat([Buffer.from([type.byte]), type.encode(publicKey)])
  const id = type.idOf(name, key)
  return { name, id, publicKey, type, text: `${name}+${id.toString('hex')}+${key.toString('base64')}` }
}

export function isSignedBy({ type, publicKey }: VerifierKey, text: Uint8Array, signature: Uint8Array): boolean {
  return type.isSigned(text, publicKey, signature)
}

/** `key` begins with the byte of its type. */
function partsOf(text: string): { readonly name: string; readonly id: Buffer; readonly key: Buffer } | undefined {
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/u.exec(text) ?? []
  if (name === undefined || id === undefined || encoded === undefined) return undefined
  return { name, id: Buffer.from(id, 'hex'), key: Buffer.from(encoded, 'base64') }
}
