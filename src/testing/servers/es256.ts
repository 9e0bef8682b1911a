import { createECDH, type KeyObject, randomBytes } from 'node:crypto'

/** The order of P-256. https://www.secg.org/sec2-v2.pdf */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const BYTES = 32

/**
 * ES256 of a digest, `r ‖ s`, as Key Vault signs: it is sent the digest. `node:crypto` only signs what it hashes itself, so
 * that the equation stands here; the point comes from OpenSSL. Not in constant time, for keys that protect nothing.
 */
export function signDigest(privateKey: KeyObject, digest: Uint8Array): Buffer {
  const d = scalarOf(privateKey)
  for (;;) {
    const k = toInteger(randomBytes(BYTES))
    if (k === 0n || k >= ORDER) continue
    const r = xOf(k)
    const s = modulo(inverse(k) * (toInteger(digest) + r * d))
    if (r !== 0n && s !== 0n) return Buffer.concat([toBytes(r), toBytes(s)])
  }
}

/** With the private key, which the vault has: it gives the `k` that a signature would have been made with. */
export function verifiesDigest(privateKey: KeyObject, digest: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 2 * BYTES) return false
  const [r, s] = [toInteger(signature.subarray(0, BYTES)), toInteger(signature.subarray(BYTES))]
  if (r === 0n || r >= ORDER || s === 0n || s >= ORDER) return false
  const k = modulo(inverse(s) * (toInteger(digest) + r * scalarOf(privateKey)))
  return k !== 0n && xOf(k) === r
}

function scalarOf(privateKey: KeyObject): bigint {
  return toInteger(Buffer.from(privateKey.export({ format: 'jwk' }).d as string, 'base64url'))
}

/** The x coordinate of k·G. */
function xOf(k: bigint): bigint {
  const point = createECDH('prime256v1')
  point.setPrivateKey(toBytes(k))
  return modulo(toInteger(point.getPublicKey().subarray(1, 1 + BYTES)))
}

/** By Fermat: the order is a prime. */
function inverse(value: bigint): bigint {
  let [result, base] = [1n, modulo(value)]
  for (let exponent = ORDER - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = modulo(result * base)
    base = modulo(base * base)
  }
  return result
}

function modulo(value: bigint): bigint {
  return value % ORDER
}

function toInteger(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

function toBytes(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * BYTES, '0'), 'hex')
}
