import { randomUUID } from 'node:crypto'
import { CloudTrail } from '@aws-sdk/client-cloudtrail'
import { afterAll, beforeAll, beforeEach } from '@jest/globals'
import { LookupReader, type LookupReaderOptions } from '../../../providers/aws/trail/lookup-reader.js'
import type { CursorValue, ReaderState, TrailBatch, TrailReader } from '../../../src/audit/trail/trail-reader.js'
import { type CloudTrailServer, startCloudTrail, type TrailEvent } from './cloudtrail-server.js'
import { LeapingClock } from './leaping-clock.js'
import { ACCOUNT, decryptRecord, REGION } from './record.js'

export const NOW = new Date('2026-03-31T12:00:00Z')
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

export const ago = (ms: number, now = NOW) => new Date(now.getTime() - ms)

export function trailEvent(time: Date, changes: object = {}): TrailEvent {
  const eventTime = `${time.toISOString().slice(0, 19)}Z`
  const ids = { eventID: randomUUID(), requestID: randomUUID() }
  return { time: new Date(eventTime), record: decryptRecord({ eventTime, ...ids, ...changes }) as TrailEvent['record'] }
}

/** A reader of the AWS SDK against a CloudTrail of its own, on a clock that nobody waits for. */
export class LookupUnderTest {
  server!: CloudTrailServer
  clock = new LeapingClock(NOW)
  client!: CloudTrail
  cursor: CursorValue = null

  static forSuite(): LookupUnderTest {
    const under = new LookupUnderTest()
    beforeAll(async () => {
      under.server = await startCloudTrail()
      const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
      under.client = new CloudTrail({ endpoint: under.server.endpoint, region: REGION, credentials, maxAttempts: 1 })
    })
    beforeEach(() => {
      under.server.state.events.length = 0
      Object.assign(under.server.state, { emptyPages: 0, forgetTokens: false, onRequest: undefined })
      under.server.faults.clear()
      under.clock = new LeapingClock(NOW)
      under.cursor = null
    })
    afterAll(async () => {
      under.client.destroy()
      await under.server.close()
    })
    return under
  }

  reader(options: Partial<LookupReaderOptions> = {}): LookupReader {
    const { client, clock } = this
    return new LookupReader({ client, account: ACCOUNT, region: REGION, clock, random: () => 0, backMs: 0, ...options })
  }

  add(...events: TrailEvent[]): TrailEvent[] {
    this.server.state.events.push(...events)
    return events
  }

  /** One pass, of which everything is stored. */
  async pass(reader: TrailReader, now: Date = NOW): Promise<TrailBatch[]> {
    const batches: TrailBatch[] = []
    const state: ReaderState = { cursor: this.cursor, object: async () => undefined }
    for await (const batch of reader.read(now, state, new AbortController().signal)) {
      batches.push(batch)
      this.cursor = JSON.parse(JSON.stringify(batch.cursor))
    }
    return batches
  }
}

export const uidsOf = (batches: readonly TrailBatch[]) =>
  batches.flatMap(({ records }) => records.map(({ raw }) => String(JSON.parse(raw).eventID)))

export const idsOf = (events: readonly TrailEvent[]) => events.map(({ record }) => String(record.eventID))
