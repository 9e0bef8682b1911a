import { createCipheriv, randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'

/**
 * What OWASP asks of scrypt where it has 16 MiB, and more passes. Not 128 MiB, which openssl and Node refuse when they read
 * a key: it has to open with the tools of any machine.
 */
const COST = { N: 2 ** 14, r: 8, p: 8 }
const KEY_BYTES = 32

const derive = promisify(
  scrypt as (
    passphrase: string,
    salt: Uint8Array,
    length: number,
    options: object,
    done: (error: Error | null, key: Buffer) => void,
  ) => void,
)

/** Object identifiers: PBES2, scrypt (RFC 7914), AES-256-CBC. */
const PBES2 = Buffer.from('06092a864886f70d01050d', 'hex')
const SCRYPT = Buffer.from('06092b06010401da47040b', 'hex')
const AES_256_CBC = Buffer.from('060960864801650304012a', 'hex')

/** A private key in DER as EncryptedPrivateKeyInfo in PEM: Node itself offers 2,048 passes of PBKDF2 and no other way. */
export async function encryptPkcs8(der: Uint8Array, passphrase: string): Promise<string> {
  const salt = randomBytes(16)
  const iv = randomBytes(16)
  const key = await derive(passphrase, salt, KEY_BYTES, COST)
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  const encrypted = Buffer.concat([cipher.update(der), cipher.final()])
  key.fill(0)
  const parameters = sequence(octets(salt), integer(COST.N), integer(COST.r), integer(COST.p))
  const scheme = sequence(PBES2, sequence(sequence(SCRYPT, parameters), sequence(AES_256_CBC, octets(iv))))
  const lines = sequence(scheme, octets(encrypted))
    .toString('base64')
    .match(/.{1,64}/g) as string[]
  return ['-----BEGIN ENCRYPTED PRIVATE KEY-----', ...lines, '-----END ENCRYPTED PRIVATE KEY-----', ''].join('\n')
}

const sequence = (...parts: readonly Uint8Array[]) => element(0x30, Buffer.concat(parts))
const octets = (bytes: Uint8Array) => element(0x04, bytes)

function integer(value: number): Buffer {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  // A first bit that is set would make it negative.
  return element(0x02, (bytes[0] as number) < 0x80 ? bytes : Buffer.concat([Buffer.of(0), bytes]))
}

function element(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(tag), sizeOf(content.length), content])
}

/** DER has one form for each length: the shortest. */
function sizeOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length)
  return length < 0x100 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 0xff)
}
