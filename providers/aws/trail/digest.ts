import { createHash, createPublicKey, verify } from 'node:crypto'
import { type JsonObject, listAt, objectAt, parseJson, textAt } from '../../../src/kms/untrusted-json.js'
import { timeOf } from './time-of-event.js'

/** A file of logs as a digest names it. */
export interface DigestedFile {
  readonly bucket: string
  readonly name: string
  /** SHA-256 of what is in it, not of the compressed file. Hexadecimal. */
  readonly hash: string
}

/** One digest in a chain: where it is, and what the next one has to say of it. */
export interface ChainLink {
  readonly name: string
  readonly hash: string
  readonly signature: string
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html */
export interface Digest extends ChainLink {
  readonly bucket: string
  readonly account: string
  readonly start: Date
  readonly end: Date
  readonly fingerprint: string
  /** Undefined where a chain begins: when logging or validation was switched on. */
  readonly previous: ChainLink | undefined
  readonly files: readonly DigestedFile[]
  readonly signed: string
}

const ALGORITHM = 'SHA256withRSA'

/** Undefined for what is no digest, or is signed by an algorithm that we do not know. */
export function parseDigest(contents: Uint8Array, metadata: Readonly<Record<string, string>>): Digest | undefined {
  const found = objectAt(parseJson(Buffer.from(contents).toString()))
  if (found === undefined || metadata['signature-algorithm'] !== ALGORITHM) return undefined
  const of = (name: string) => textAt(found, name) ?? ''
  const [start, end] = [timeOf(found.digestStartTime)?.time, timeOf(found.digestEndTime)?.time]
  const signature = metadata['signature'] ?? ''
  if (start === undefined || end === undefined || !isHex(signature)) return undefined
  const [bucket, name, hash] = [of('digestS3Bucket'), of('digestS3Object'), hexSha256(contents)]
  const before = textAt(found, 'previousDigestSignature') ?? 'null'
  return {
    bucket,
    name,
    hash,
    signature,
    start,
    end,
    account: of('awsAccountId'),
    fingerprint: of('digestPublicKeyFingerprint'),
    previous: previousOf(found),
    files: listAt(found, 'logFiles').map((file) => ({
      bucket: textAt(file, 's3Bucket') ?? '',
      name: textAt(file, 's3Object') ?? '',
      hash: textAt(file, 'hashAlgorithm') === 'SHA-256' ? (textAt(file, 'hashValue') ?? '') : '',
    })),
    signed: `${of('digestEndTime')}\n${bucket}/${name}\n${hash}\n${before}`,
  }
}

/** `publicKey` as ListPublicKeys has it: PKCS #1. */
export function isSignedBy(publicKey: Uint8Array, { signed, signature }: Digest): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'pkcs1' })
    return verify('RSA-SHA256', Buffer.from(signed), key, Buffer.from(signature, 'hex'))
  } catch {
    return false
  }
}

export function hexSha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function previousOf(found: JsonObject): ChainLink | undefined {
  const [name, hash, signature] = ['previousDigestS3Object', 'previousDigestHashValue', 'previousDigestSignature'].map(
    (member) => textAt(found, member),
  )
  return name === undefined ? undefined : { name, hash: hash ?? '', signature: signature ?? '' }
}

const isHex = (text: string) => /^([0-9a-f]{2})+$/.test(text)
