import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { insertRows } from '../../src/audit/ledger/insert-rows.js'
import { attemptRow, COLUMNS, endRow } from '../../src/audit/ledger/ledger-row.js'
import { EVENT_COLUMNS, eventRow, receivedEvent } from '../../src/audit/mirror/event-row.js'
import { storeEvents } from '../../src/audit/mirror/store-events.js'
import { registerSource } from '../../src/audit/mirror/trail-source.js'
import type { AuditEvent } from '../../src/audit/trail/audit-event.js'
import type { CallStart } from '../../src/kms/call-ledger.js'

export interface InsertRate {
  /** Rows that are stored in a second. */
  readonly rate: number
  /** Of what one statement without any code of ours stores in the same tables. */
  readonly ofBare: number
}

const BATCH = 1_000
const DAY = Date.UTC(2026, 4, 10)
const context = { 'waxseal-entity': 'account', 'waxseal-row': '7', tenant: 't-7' }

/** Batches of ours and bare ones by turns, so that what else the machine does slows both. */
export async function insertRates(client: pg.Client, batches: number): Promise<Record<string, InsertRate>> {
  await client.query(`SELECT waxseal.ensure_audit_month('2026-05-01')`)
  const source = await registerSource(client, { provider: 'aws', scope: '1/eu', name: 'test' })
  const inTransaction = async (run: () => Promise<unknown>) => {
    await client.query('BEGIN')
    await run()
    await client.query('COMMIT')
  }
  return {
    'attempts of the ledger and their ends': await compared(batches, {
      ours: async () => {
        const rows = calls().flatMap((call) => [attemptRow(call, WRITER, undefined), endRow(call.callToken, END, DAY)])
        const start = performance.now()
        await insertRows(client, rows, false)
        return performance.now() - start
      },
      bare: async () => {
        const rows = calls().flatMap((call) => [attemptRow(call, WRITER, undefined), endRow(call.callToken, END, DAY)])
        const start = performance.now()
        await inTransaction(async () => {
          for (const table of ['ledger_attempt', 'ledger_end'] as const) {
            const columns = Object.entries(COLUMNS[table])
            const own = rows.filter((row) => row.table === table)
            await bare(
              client,
              table,
              columns,
              columns.map(([name]) => own.map(({ values }) => values[name] ?? null)),
            )
          }
        })
        return performance.now() - start
      },
    }),
    'events of a trail': await compared(batches, {
      ours: async () => {
        const records = events()
        const start = performance.now()
        const received = records.map(({ event, raw }) => receivedEvent(event, { raw }, source))
        await inTransaction(() => storeEvents(client, source, received))
        return performance.now() - start
      },
      bare: async () => {
        const received = events().map(({ event, raw }) => eventRow(receivedEvent(event, { raw }, source)))
        const columns = EVENT_COLUMNS.map(([name, type]) => [name, type] as const)
        const lists = EVENT_COLUMNS.map(([, , of]) => received.map(of))
        const ids = received.map(() => source.id)
        const start = performance.now()
        await inTransaction(async () => {
          await bare(client, 'audit_event', [['source', 'bigint'], ...columns], [ids, ...lists])
        })
        return performance.now() - start
      },
    }),
  }
}

const WRITER = randomUUID()
const END = {
  outcome: 'succeeded',
  replies: [{ operation: 'Decrypt', requestId: 'r', status: '200', at: new Date(DAY) }],
  latencyMs: 1,
} as const

function calls(): CallStart[] {
  return Array.from({ length: BATCH }, () => {
    const callToken = randomUUID()
    const kek = { provider: 'aws', id: 'k-7', version: '1' }
    return { callToken, call: callToken, provider: 'aws', operation: 'unwrap', kek, context, startedAt: new Date(DAY) }
  })
}

function events(): { event: AuditEvent; raw: string }[] {
  return Array.from({ length: BATCH }, (_, n) => {
    const uid = randomUUID()
    const time = new Date(DAY + n * 1_000)
    const event: AuditEvent = {
      ...{ uid, uidQuality: 'native', scope: '1/eu', time, timeText: time.toISOString(), kind: 'call' },
      ...{ operation: 'Decrypt', operationClass: 'decrypt', outcome: 'success', requestId: uid, principal: 'arn:p/7' },
      ...{ kekId: 'k-7', kekVersion: '1', context, userAgent: 'agent/1', source: '10.0.0.1' },
    }
    return { event, raw: rawOf(uid, time) }
  })
}

/** As many members and bytes as a record of CloudTrail has. */
function rawOf(eventID: string, eventTime: Date): string {
  const text = 'a text of thirty characters'
  const part = { accountId: text, arn: text, type: text, principalId: text, accessKeyId: text, invokedBy: text }
  return JSON.stringify({
    ...{
      eventVersion: '1.11',
      eventID,
      eventTime,
      eventSource: text,
      eventName: text,
      awsRegion: text,
      sourceIPAddress: text,
    },
    ...{
      userAgent: text,
      readOnly: true,
      managementEvent: true,
      eventType: text,
      eventCategory: text,
      requestID: eventID,
    },
    ...{
      userIdentity: { ...part, sessionContext: { sessionIssuer: part } },
      requestParameters: { encryptionContext: context },
    },
    ...{
      responseElements: null,
      resources: [part, part],
      additionalEventData: { keyMaterialId: text },
      tlsDetails: part,
    },
  })
}

async function bare(
  client: pg.Client,
  table: string,
  columns: readonly (readonly [name: string, type: string])[],
  lists: readonly (readonly unknown[])[],
): Promise<void> {
  const names = columns.map(([name]) => name).join(', ')
  const arrays = columns.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')
  await client.query(`INSERT INTO waxseal.${table} (${names}) SELECT * FROM unnest(${arrays})`, [...lists])
}

async function compared(
  batches: number,
  { ours, bare: withoutUs }: Readonly<Record<'ours' | 'bare', () => Promise<number>>>,
): Promise<InsertRate> {
  let [own, other] = [0, 0]
  for (let batch = 0; batch < batches; batch++) {
    own += await ours()
    other += await withoutUs()
  }
  return { rate: (batches * BATCH * 1_000) / own, ofBare: other / own }
}
