import { randomUUID } from 'node:crypto'
import { mirrorOnce, type Normalized, type TrailBatch, type TrailReader, type TrailRecord } from 'waxseal/audit'
import { besideBare, insertBare, type ReadyRows, readyRows, twoDatabases } from '../database/bare-inserts.js'
import type { Figure } from '../harness/figure.js'
import { measureRounds, oneByOne, wallTime } from '../harness/rounds.js'

const BATCHES = 5
const BATCH_EVENTS = 1_000
const EVENTS = BATCHES * BATCH_EVENTS
const SCOPE = '111122223333/eu-central-1'

/** Events of a trail as a pass of the mirror stores them, beside statements that store the same rows when they are ready. */
export async function mirror(): Promise<Figure[]> {
  const databases = await twoDatabases()
  const { pool, bare } = databases
  let [passes, copies] = [0, 0]
  let records = recordsOf(passes++)
  let rows: ReadyRows | undefined
  const pass = async () => {
    const trail = { reader: readerOf(records), normalize }
    const [mirrored] = await mirrorOnce(pool, [trail], { signal: new AbortController().signal })
    const { stored } = mirrored!.result.counts
    if (stored !== EVENTS) throw new RangeError(`stored ${stored} events of ${EVENTS}`)
  }
  // What is inserted bare is one pass behind.
  await pass()
  await bare.query(`INSERT INTO waxseal.trail_source (provider, scope, reader) VALUES ('aws', $1, 'benchmark')`, [
    SCOPE,
  ])
  await bare.query('SELECT waxseal.ensure_audit_month($1)', [new Date(startOf(0))])
  const samples = await measureRounds(
    [
      { name: 'mirror', run: oneByOne(pass) },
      { name: 'bare', run: oneByOne(() => insertBare(bare, rows!, BATCH_EVENTS)) },
    ],
    {
      ...{ rounds: 15, sliceMs: 1, warmUpRounds: 2, stopwatch: wallTime },
      async beforeSlice(name) {
        if (name === 'mirror') records = recordsOf(passes++)
        else
          rows = await readyRows(
            pool,
            'audit_event',
            `event_time >= '${instant(startOf(copies++))}' AND event_time < '${instant(startOf(copies))}'`,
          )
      },
    },
  )
  await databases.close()
  return besideBare(
    {
      id: 'mirror-floor',
      what: 'a pass of the mirror reaches',
      each: { id: 'mirror-event', title: 'a pass of the mirror, per event' },
      of: EVENTS,
    },
    samples.mirror!,
    samples.bare!,
  )
}

/** A second for each event: as in a trail, each pass reads what happened after the one before. */
const startOf = (pass: number) => Date.UTC(2026, 4, 1) + pass * EVENTS * 1_000
const instant = (ms: number) => new Date(ms).toISOString()

function recordsOf(pass: number): TrailRecord[] {
  return Array.from({ length: EVENTS }, (_, n) => {
    const id = randomUUID()
    const text = 'a text of thirty characters'
    const part = { accountId: text, arn: text, type: text, principalId: text, accessKeyId: text, invokedBy: text }
    const time = instant(startOf(pass) + n * 1_000)
    const raw = JSON.stringify({
      ...{
        eventVersion: '1.11',
        eventID: id,
        eventTime: time,
        eventSource: text,
        eventName: 'Decrypt',
        awsRegion: text,
      },
      ...{ sourceIPAddress: '192.0.2.1', userAgent: text, readOnly: true, managementEvent: true, requestID: id },
      ...{ userIdentity: { ...part, sessionContext: { sessionIssuer: part } }, responseElements: null },
      ...{ requestParameters: { encryptionContext: { tenant: 't-7' } }, resources: [part, part], tlsDetails: part },
    })
    return { raw }
  })
}

/** As little as a provider can do: what is measured is the mirror. */
function normalize({ raw }: TrailRecord): Normalized {
  const { eventID, eventTime, eventName, requestID, userIdentity, userAgent, sourceIPAddress } = JSON.parse(raw)
  return {
    event: {
      ...{
        uid: eventID,
        uidQuality: 'native',
        scope: SCOPE,
        time: new Date(eventTime),
        timeText: eventTime,
        kind: 'call',
      },
      ...{ operation: eventName, operationClass: 'decrypt', outcome: 'success', requestId: requestID, userAgent },
      ...{ principal: userIdentity.arn, kekId: 'k-7', kekVersion: '1', source: sourceIPAddress },
      context: { 'waxseal-entity': 'account', 'waxseal-row': '7', tenant: 't-7' },
    },
  }
}

function readerOf(records: readonly TrailRecord[]): TrailReader {
  return {
    ...{ provider: 'aws', name: 'benchmark', scope: SCOPE, intervalMs: 60_000 },
    probe: async () => [],
    goesBackTo: () => undefined,
    async *read(): AsyncIterable<TrailBatch> {
      for (let n = 0; n < EVENTS; n += BATCH_EVENTS) yield { records: records.slice(n, n + BATCH_EVENTS), cursor: n }
    },
    close: async () => undefined,
  }
}
