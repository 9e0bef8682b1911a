import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { POINT_BYTES, publicKeyOfPoint, rawPublicKey, sharedSecret } from './x25519-point.js'

// HPKE of RFC 9180 in base mode, for one message: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. Names as there.

const KEM_SUITE = Buffer.from('KEM\x00\x20', 'latin1')
const SUITE = Buffer.from('HPKE\x00\x20\x00\x01\x00\x02', 'latin1')
const BASE_MODE = Buffer.of(0)
const NONE = Buffer.alloc(0)

const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** What a message is longer by: the encapsulated key before it, and the tag behind it. */
export const MESSAGE_OVERHEAD = POINT_BYTES + TAG_BYTES

/** `enc ‖ ciphertext ‖ tag`. */
export function encryptHpke(recipient: KeyObject, info: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Buffer {
  const ephemeral = generateKeyPairSync('x25519')
  const enc = rawPublicKey(ephemeral.publicKey)
  const schedule = keySchedule(sharedSecret(ephemeral.privateKey, recipient), enc, rawPublicKey(recipient), info)
  if (!schedule) throw new TypeError('HPKE: the public key of the recipient is of low order')
  const cipher = createCipheriv(CIPHER, schedule.key, schedule.nonce, { authTagLength: TAG_BYTES })
  schedule.key.fill(0)
  cipher.setAAD(aad)
  return Buffer.concat([enc, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** Undefined for whatever does not open, and for no other reason: which check failed would help a forger. */
export function decryptHpke(
  privateKey: KeyObject,
  info: Uint8Array,
  aad: Uint8Array,
  message: Uint8Array,
): Buffer | undefined {
  if (message.length < MESSAGE_OVERHEAD) return undefined
  const enc = message.subarray(0, POINT_BYTES)
  const shared = sharedSecret(privateKey, publicKeyOfPoint(enc))
  const schedule = keySchedule(shared, enc, rawPublicKey(createPublicKey(privateKey)), info)
  if (!schedule) return undefined
  const decipher = createDecipheriv(CIPHER, schedule.key, schedule.nonce, { authTagLength: TAG_BYTES })
  schedule.key.fill(0)
  decipher.setAAD(aad).setAuthTag(message.subarray(-TAG_BYTES))
  const plaintext = decipher.update(message.subarray(POINT_BYTES, -TAG_BYTES))
  try {
    decipher.final()
    return plaintext
  } catch {
    plaintext.fill(0)
    return undefined
  }
}

/** Of the first message, whose nonce is the base nonce: there is no second one under its key. */
function keySchedule(dh: Buffer | undefined, enc: Uint8Array, recipient: Uint8Array, info: Uint8Array) {
  if (!dh) return undefined
  const kemContext = Buffer.concat([enc, recipient])
  const shared = derive(KEM_SUITE, NONE, ['eae_prk', dh], ['shared_secret', kemContext], KEY_BYTES)
  dh.fill(0)
  const context = Buffer.concat([BASE_MODE, labeledExtract('psk_id_hash', NONE), labeledExtract('info_hash', info)])
  const key = derive(SUITE, shared, ['secret', NONE], ['key', context], KEY_BYTES)
  const nonce = derive(SUITE, shared, ['secret', NONE], ['base_nonce', context], NONCE_BYTES)
  shared.fill(0)
  return { key, nonce }
}

type Labeled = readonly [label: string, bytes: Uint8Array]

/** LabeledExtract and LabeledExpand, which are the two halves of one HKDF. */
function derive(suite: Buffer, salt: Uint8Array, ikm: Labeled, info: Labeled, length: number): Buffer {
  const size = Buffer.alloc(2)
  size.writeUInt16BE(length)
  const secret = labeled(suite, ikm)
  try {
    return Buffer.from(hkdfSync('sha256', secret, salt, Buffer.concat([size, labeled(suite, info)]), length))
  } finally {
    secret.fill(0)
  }
}

/** HKDF-Extract without a salt alone. */
function labeledExtract(label: string, bytes: Uint8Array): Buffer {
  return createHmac('sha256', NONE)
    .update(labeled(SUITE, [label, bytes]))
    .digest()
}

function labeled(suite: Buffer, [label, bytes]: Labeled): Buffer {
  return Buffer.concat([Buffer.from('HPKE-v1'), suite, Buffer.from(label), bytes])
}
