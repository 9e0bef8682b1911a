import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { AwsRefusal } from './aws-refusal.js'
import type { KeyMaterial, TestKey } from './keys.js'

const CIPHER = 'aes-256-gcm'
const IV_BYTES = 12
const TAG_BYTES = 16
const GCM = { authTagLength: TAG_BYTES }
/** `{"key": …, "material": …}`, with its length before it: the KMS finds the key by what is in the blob. */
const LENGTH_BYTES = 2

export type AwsContext = Readonly<Record<string, string>>

export function encryptUnder(key: TestKey, plaintext: Uint8Array, context: AwsContext): Buffer {
  const material = key.currentMaterial
  const header = Buffer.from(JSON.stringify({ key: key.keyId, material: material.id }))
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt16BE(header.length)
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(CIPHER, material.key, iv, GCM).setAAD(aadOf(header, context))
  return Buffer.concat([length, header, iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** The id of the key that a blob was made with, without opening it. */
export function keyIdOf(blob: Uint8Array): string {
  return parse(blob).header.key
}

export function decryptUnder(
  key: TestKey,
  blob: Uint8Array,
  context: AwsContext,
): { readonly plaintext: Buffer; readonly material: KeyMaterial } {
  const { header, headerBytes, rest } = parse(blob)
  const material = key.materials.find(({ id }) => id === header.material)
  if (!material || rest.length < IV_BYTES + TAG_BYTES) throw invalid()
  const decipher = createDecipheriv(CIPHER, material.key, rest.subarray(0, IV_BYTES), GCM)
  decipher.setAAD(aadOf(headerBytes, context)).setAuthTag(rest.subarray(-TAG_BYTES))
  try {
    return {
      plaintext: Buffer.concat([decipher.update(rest.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]),
      material,
    }
  } catch {
    throw invalid()
  }
}

function parse(blob: Uint8Array) {
  const bytes = Buffer.from(blob)
  try {
    const end = LENGTH_BYTES + bytes.readUInt16BE(0)
    const headerBytes = bytes.subarray(LENGTH_BYTES, end)
    const header = JSON.parse(headerBytes.toString()) as { key: string; material: string }
    if (typeof header.key !== 'string') throw invalid()
    return { header, headerBytes, rest: bytes.subarray(end) }
  } catch {
    throw invalid()
  }
}

/** The context as an exact, case-sensitive set of pairs, in whatever order they were sent. */
function aadOf(header: Uint8Array, context: AwsContext): Buffer {
  const pairs = Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1))
  return Buffer.concat([header, Buffer.from(`\n${JSON.stringify(pairs)}`)])
}

function invalid(): AwsRefusal {
  return new AwsRefusal('InvalidCiphertextException', '')
}
