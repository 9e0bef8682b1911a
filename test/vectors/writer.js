/*
 * A second writer of format 1, made from docs/format.md and node:crypto alone, so that the vectors are no mirror of the
 * library. Every key and IV is derived from a published label: TEST MATERIAL, never to be used for anything else.
 */
import { createCipheriv, createHash } from 'node:crypto'

const sha256 = (...parts) =>
  createHash('sha256')
    .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .digest()
export const testBytes = (label, length) => sha256('waxseal TEST ONLY ', label).subarray(0, length)
export const hex = (bytes) => Buffer.from(bytes).toString('hex')
export const base64url = (bytes) => Buffer.from(bytes).toString('base64url')
const uint32 = (number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(number)
  return bytes
}
const withLength = (part) => Buffer.concat([uint32(Buffer.byteLength(part)), Buffer.from(part)])

function gcm(key, iv, aad, plaintext) {
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: 16 })
  cipher.setAAD(aad)
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
  return { iv, ciphertext, tag: cipher.getAuthTag() }
}

// --- The format

function encryptionContext({ entity, row, context }, id) {
  const all = { ...context, 'waxseal-entity': entity, 'waxseal-envelope': base64url(id) }
  return row === undefined ? all : { ...all, 'waxseal-row': row }
}

export function canonicalContext(context) {
  const pairs = Object.entries(context).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return Buffer.concat([uint32(pairs.length), ...pairs.flat().map(withLength)])
}

const commitmentOf = (dataKey, id) => sha256('waxseal data key commitment 1', dataKey, id)

export function aadOf(field, id, commitment, canonical) {
  const parts = ['waxseal', Buffer.from([1]), 'A256GCM', field.id, field.kind, id, commitment, canonical]
  return Buffer.concat(parts.map(withLength))
}

export const textForm = (commitment, bytes) => `ws1:${base64url(commitment)}:${base64url(bytes)}`
const byteaForm = (commitment, bytes) => Buffer.concat([Buffer.from([1]), commitment, bytes])

function encode(kind, value) {
  if (kind === 'json') return Buffer.from(JSON.stringify(value))
  return kind === 'text' ? Buffer.from(value) : Buffer.from(value, 'hex')
}

// --- The KEK of the vectors: no part of the format, each provider has its own way to wrap

export const kek = { provider: 'test', id: 'test-only-kek', version: '1' }
export const kekBytes = testBytes('KEK', 32)

export function wrap(label, dataKey, context, ref = kek) {
  const { iv, ciphertext, tag } = gcm(kekBytes, testBytes(`wrap ${label}`, 12), canonicalContext(context), dataKey)
  return { kek: ref, dataKey: base64url(Buffer.concat([iv, ciphertext, tag])), wrappedAt: '2026-11-22T21:00:00Z' }
}

// --- One envelope and its fields

export function makeField(envelope, name, kind, value, id = 'credential.secret') {
  return fieldOf(envelope, { name, id, kind, value }, encode(kind, value), testBytes(`iv ${envelope.name} ${name}`, 12))
}

export function fieldOf(envelope, field, plaintext, iv) {
  const aad = aadOf(field, envelope.idBytes, envelope.commitmentBytes, envelope.canonical)
  const { ciphertext, tag } = gcm(envelope.dataKeyBytes, iv, aad, plaintext)
  const bytes = Buffer.concat([iv, ciphertext, tag])
  const parts = { plaintext: hex(plaintext), aad: hex(aad), iv: hex(iv), ciphertext: hex(ciphertext), tag: hex(tag) }
  const text = textForm(envelope.commitmentBytes, bytes)
  return { ...field, ...parts, text, bytea: hex(byteaForm(envelope.commitmentBytes, bytes)) }
}

export function makeEnvelope(name, binding, wraps = 1) {
  const idBytes = testBytes(`envelope id ${name}`, 16)
  const dataKeyBytes = testBytes(`data key ${name}`, 32)
  const context = encryptionContext(binding, idBytes)
  const commitmentBytes = commitmentOf(dataKeyBytes, idBytes)
  const metadata = {
    format: 1,
    id: base64url(idBytes),
    commitment: base64url(commitmentBytes),
    wrap: wraps,
    wraps: Array.from({ length: wraps }, (_, index) => {
      // The wraps before the last are under KEKs that nobody here has: readers pass over them.
      const ref = index === wraps - 1 ? kek : { provider: 'elsewhere', id: `kek-${index}`, version: '' }
      return wrap(`${name} ${index}`, dataKeyBytes, context, ref)
    }),
  }
  return {
    name,
    binding,
    idBytes,
    dataKeyBytes,
    commitmentBytes,
    context,
    canonical: canonicalContext(context),
    metadata,
  }
}
