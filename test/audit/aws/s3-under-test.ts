import { CloudTrail } from '@aws-sdk/client-cloudtrail'
import { S3 } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach } from '@jest/globals'
import { S3Reader } from '../../../providers/aws/trail/s3-reader.js'
import type { CursorValue, PostureCheck, TrailBatch, TrailObject } from '../../../src/audit/trail/trail-reader.js'
import { type CloudTrailServer, startCloudTrail } from './cloudtrail-server.js'
import { BUCKET, DigestedTrail, HOUR, type SigningKey, TRAIL } from './digested-trail.js'
import { ACCOUNT, REGION } from './record.js'
import { startS3 } from './s3-server.js'

export const START = new Date('2026-03-01T20:00:00Z')

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }

/** A reader of the AWS SDK against a bucket and a CloudTrail of its own; what it reads is remembered as the mirror does. */
export class S3UnderTest {
  trail!: DigestedTrail
  s3!: Awaited<ReturnType<typeof startS3>>
  cloudTrail!: CloudTrailServer
  cursor: CursorValue = null
  reader!: S3Reader
  readonly objects = new Map<string, TrailObject>()
  #close: () => Promise<void> = async () => undefined

  static forSuite(): S3UnderTest {
    const under = new S3UnderTest()
    beforeAll(() => under.#start())
    beforeEach(() => under.#reset())
    afterAll(() => under.#close())
    return under
  }

  get bucket() {
    return this.s3.state.objects
  }

  /** Of the Region whose keys are asked for. */
  knows(...keys: SigningKey[]): void {
    const PublicKeyList = keys.map(({ fingerprint, value }) => ({
      Fingerprint: fingerprint,
      Value: value.toString('base64'),
    }))
    this.cloudTrail.state.answers['ListPublicKeys'] = { PublicKeyList }
  }

  /** One pass at so many hours after the last digest, of which everything is stored. */
  async pass(hoursLater = 0): Promise<TrailBatch[]> {
    const now = new Date(this.trail.end.getTime() + hoursLater * HOUR)
    const batches: TrailBatch[] = []
    const state = { cursor: this.cursor, object: async (name: string) => this.objects.get(name) }
    for await (const batch of this.reader.read(now, state, new AbortController().signal)) {
      batches.push(batch)
      for (const object of batch.objects ?? []) this.objects.set(object.name, object)
      this.cursor = JSON.parse(JSON.stringify(batch.cursor))
    }
    return batches
  }

  async check(id: string): Promise<PostureCheck | undefined> {
    return (await this.reader.probe(new AbortController().signal)).find((each) => each.id === id)
  }

  async #start(): Promise<void> {
    this.s3 = await startS3()
    this.cloudTrail = await startCloudTrail()
    const s3 = new S3({ endpoint: this.s3.endpoint, forcePathStyle: true, region: REGION, credentials, maxAttempts: 1 })
    const cloudTrail = new CloudTrail({
      endpoint: this.cloudTrail.endpoint,
      region: REGION,
      credentials,
      maxAttempts: 1,
    })
    const place = { bucket: BUCKET, trail: TRAIL, account: ACCOUNT, region: REGION }
    this.reader = new S3Reader({ s3, cloudTrail, place, backMs: 24 * HOUR })
    const renewed = () => new S3Reader({ s3, cloudTrail, place, backMs: 24 * HOUR })
    this.#renew = () => {
      this.reader = renewed()
    }
    this.#close = async () => {
      s3.destroy()
      cloudTrail.destroy()
      await Promise.all([this.s3.close(), this.cloudTrail.close()])
    }
  }

  #renew: () => void = () => undefined

  #reset(): void {
    const { state } = this.s3
    state.objects.clear()
    state.requests.length = 0
    state.pageSize = 1_000
    delete state.denied
    this.objects.clear()
    this.cursor = null
    this.trail = new DigestedTrail(state.objects, START)
    this.#renew()
    this.knows(this.trail.key)
  }
}

/** Event ids with what attests each. */
export const proofsOf = (batches: readonly TrailBatch[]) =>
  batches.flatMap(({ records }) => records.map(({ raw, proof }) => [String(JSON.parse(raw).eventID), proof ?? 'none']))

export const coveredBy = (batches: readonly TrailBatch[], complete: boolean) =>
  batches.flatMap(({ covered }) => (covered?.complete === complete ? [covered] : []))
