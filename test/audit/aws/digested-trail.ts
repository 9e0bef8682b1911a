import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { ACCOUNT, decryptRecord, REGION } from './record.js'
import type { StoredObject } from './s3-server.js'

export const BUCKET = 'trail-of-the-tests'
export const TRAIL = 'main'
export const HOUR = 3_600_000

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const compact = (time: Date) => `${time.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
const iso = (time: Date) => `${time.toISOString().slice(0, 19)}Z`
const folder = (kind: string, time: Date, region: string) =>
  `AWSLogs/${ACCOUNT}/${kind}/${region}/${time.toISOString().slice(0, 10).replaceAll('-', '/')}/`

/** A key that CloudTrail signs digests with, for a time. */
export class SigningKey {
  /** Made once: that takes longer than a test. */
  static readonly own = new SigningKey()
  static readonly other = new SigningKey()

  readonly fingerprint: string
  readonly value: Buffer
  readonly #key: KeyObject

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
    this.value = publicKey.export({ type: 'pkcs1', format: 'der' })
    this.fingerprint = createHash('md5').update(this.value).digest('hex')
    this.#key = privateKey
  }

  sign(text: string): string {
    return sign('RSA-SHA256', Buffer.from(text), this.#key).toString('hex')
  }
}

interface MadeDigest {
  readonly name: string
  readonly hash: string
  readonly signature: string
}

/** Delivers log files and their digests as CloudTrail does, hour by hour, each digest signed and chained to the last. */
export class DigestedTrail {
  key = SigningKey.own
  region = REGION
  last: MadeDigest | undefined
  readonly #objects: Map<string, StoredObject>
  #end: Date

  constructor(objects: Map<string, StoredObject>, start: Date) {
    this.#objects = objects
    this.#end = start
  }

  /** The end of the last hour. */
  get end(): Date {
    return this.#end
  }

  /** A log file of records, named as one that was delivered at that time. */
  deliver(time: Date, records: readonly object[]): string {
    const random = randomUUID().replaceAll('-', '').slice(0, 16)
    const name = `${folder('CloudTrail', time, this.region)}${ACCOUNT}_CloudTrail_${this.region}_${compact(time).slice(0, 13)}Z_${random}.json.gz`
    this.put(name, JSON.stringify({ Records: records }))
    return name
  }

  put(name: string, contents: string, metadata: Readonly<Record<string, string>> = {}): void {
    this.#objects.set(name, { body: gzipSync(contents), metadata })
  }

  /** A digest of the next hour. */
  digest(files: readonly string[]): MadeDigest {
    const start = this.#end
    this.#end = new Date(start.getTime() + HOUR)
    this.last = this.#store(start, this.#end, files, this.last, '')
    return this.last
  }

  /** One that is made later, of files that a digest of that hour left out. */
  backfill(end: Date, files: readonly string[], madeAt: Date): MadeDigest {
    return this.#store(new Date(end.getTime() - HOUR), end, files, undefined, '_backfill', {
      'backfill-generation-timestamp': iso(madeAt),
    })
  }

  /** An hour with one file of one event, which happened at its begin. */
  hour(changes: object = {}): { file: string; digest: MadeDigest; eventID: string } {
    const [time, eventID] = [this.#end, randomUUID()]
    const file = this.deliver(new Date(time.getTime() + 300_000), [
      decryptRecord({ eventID, eventTime: iso(time), awsRegion: this.region, ...changes }),
    ])
    return { file, digest: this.digest([file]), eventID }
  }

  #store(
    start: Date,
    end: Date,
    files: readonly string[],
    previous: MadeDigest | undefined,
    suffix: string,
    metadata: Readonly<Record<string, string>> = {},
  ): MadeDigest {
    const name = `${folder('CloudTrail-Digest', end, this.region)}${ACCOUNT}_CloudTrail-Digest_${this.region}_${TRAIL}_${REGION}_${compact(end)}${suffix}.json.gz`
    const contents = JSON.stringify({
      awsAccountId: ACCOUNT,
      digestStartTime: iso(start),
      digestEndTime: iso(end),
      digestS3Bucket: BUCKET,
      digestS3Object: name,
      digestPublicKeyFingerprint: this.key.fingerprint,
      digestSignatureAlgorithm: 'SHA256withRSA',
      newestEventTime: null,
      oldestEventTime: null,
      previousDigestS3Bucket: previous ? BUCKET : null,
      previousDigestS3Object: previous?.name ?? null,
      previousDigestHashValue: previous?.hash ?? null,
      previousDigestHashAlgorithm: previous ? 'SHA-256' : null,
      previousDigestSignature: previous?.signature ?? null,
      logFiles: files.map((file) => ({
        s3Bucket: BUCKET,
        s3Object: file,
        hashValue: sha256(this.#contents(file)),
        hashAlgorithm: 'SHA-256',
      })),
    })
    const hash = sha256(Buffer.from(contents))
    const signature = this.key.sign(`${iso(end)}\n${BUCKET}/${name}\n${hash}\n${previous?.signature ?? 'null'}`)
    this.put(name, contents, { signature, 'signature-algorithm': 'SHA256withRSA', ...metadata })
    return { name, hash, signature }
  }

  #contents(file: string): Buffer {
    return gunzipSync(this.#objects.get(file)!.body)
  }
}
