import type { Queryable } from '../../postgres/queryable.js'
import { SOURCES } from './conditions.js'
import type { Found } from './find.js'
import type { RecordKind } from './query.js'
import { type ReviewRecord, recordMembers } from './record.js'

/** Members of a record in SQL; those that a kind does not have are null. */
type Columns = Partial<Record<keyof Omit<ReviewRecord, keyof Found>, string>>

const COLUMNS: Readonly<Record<RecordKind, Columns>> = {
  event: {
    ...{ operation: 'r.operation', outcome: 'r.outcome', reason: `concat_ws(': ', r.status, r.status_detail)` },
    ...{ actor: `coalesce(r.principal, r.principal_name)`, from: 'coalesce(host(r.source_ip), r.source_text)' },
    ...{
      tenant: `r.context ->> 'tenant'`,
      entity: `r.context ->> 'waxseal-entity'`,
      row: `r.context ->> 'waxseal-row'`,
    },
    ...{ provider: 'r.provider', scope: 'r.scope', kekId: 'r.kek_id', kekVersion: 'r.kek_version' },
    requestIds: `CASE WHEN r.request_id IS NULL THEN '{}' ELSE ARRAY[r.request_id] END`,
    ...{ state: 's.state', rule: 's.rule', confidence: 's.confidence', attempt: 's.attempt' },
  },
  attempt: {
    operation: 'r.operation',
    outcome: `CASE WHEN e.attempt IS NULL THEN 'unanswered' WHEN e.outcome = 'succeeded' THEN 'success'
      WHEN e.error_code = 'ERR_KMS_ACCESS_DENIED' THEN 'denied' ELSE 'error' END`,
    ...{ reason: 'e.error_code', actor: 'r.actor', from: 'r.ip', tenant: 'r.tenant', provider: 'r.provider' },
    ...{ entity: `r.context ->> 'waxseal-entity'`, row: `r.context ->> 'waxseal-row'` },
    ...{ kekId: 'coalesce(e.kek_id, r.kek_id)', kekVersion: 'coalesce(e.kek_version, r.kek_version)' },
    requestIds: `ARRAY(SELECT DISTINCT reply ->> 'requestId' FROM jsonb_array_elements(e.replies) reply
      WHERE reply ->> 'requestId' IS NOT NULL ORDER BY 1)`,
    ...{ purpose: 'r.purpose', ticket: 'r.ticket', state: 's.state', rule: 's.rule', call: 'r.call' },
  },
  application: {
    ...{ operation: 'r.action', outcome: 'r.outcome', reason: 'r.reason', actor: 'r.actor', from: 'r.ip' },
    ...{ tenant: 'r.tenant', entity: 'r.entity', row: 'r.row_key', provider: 'r.kek_provider' },
    ...{ kekId: 'r.kek_id', kekVersion: 'r.kek_version', purpose: 'r.purpose', ticket: 'r.ticket' },
    ...{ requestIds: `CASE WHEN r.request IS NULL THEN '{}' ELSE ARRAY[r.request] END`, category: 'r.category' },
  },
}
const JOINS: Readonly<Record<RecordKind, string>> = {
  event:
    'LEFT JOIN waxseal.event_state s ON s.event = r.id AND s.event_time = r.event_time AND s.event_time BETWEEN $3 AND $4',
  // A journal that is replayed twice ends an attempt twice: the first counts.
  attempt: `LEFT JOIN waxseal.attempt_state s ON s.attempt = r.id AND s.attempt_time = r.inserted_at
    AND s.attempt_time BETWEEN $3 AND $4
  LEFT JOIN LATERAL (SELECT * FROM waxseal.ledger_end e WHERE e.attempt = r.id AND e.inserted_at >= r.inserted_at
    AND e.inserted_at >= $3::timestamptz ORDER BY e.inserted_at LIMIT 1) e ON true`,
  application: '',
}

/** A record, and beside it its row as it is stored, as JSON. */
export interface StoredRecord {
  readonly record: ReviewRecord
  readonly stored: string
}

/** In the order of `found`. */
export async function readRecords(client: Queryable, found: readonly Found[]): Promise<ReviewRecord[]> {
  return (await read(client, found, 'NULL')).map(({ record }) => record)
}

/** As `readRecords`, with rows as they are stored: raw events are wide. */
export async function readStored(client: Queryable, found: readonly Found[]): Promise<StoredRecord[]> {
  return read(client, found, 'to_json(r)::text')
}

async function read(client: Queryable, found: readonly Found[], stored: string): Promise<StoredRecord[]> {
  const byId = new Map<string, StoredRecord>()
  for (const kind of Object.keys(SOURCES) as RecordKind[]) {
    const page = found.filter((each) => each.kind === kind)
    if (page.length === 0) continue
    const times = page.map(({ time }) => time).sort()
    const { rows } = await client.query(statementOf(kind, stored), [
      ...[page.map(({ id }) => id), page.map(({ time }) => time), times[0], times.at(-1)],
    ])
    for (const { stored: text, ...record } of rows as unknown as (Omit<ReviewRecord, 'kind'> & { stored: string })[]) {
      byId.set(record.id, { record: { kind, ...record }, stored: text })
    }
  }
  return found.flatMap(({ id }) => byId.get(id) ?? [])
}

/** First and last time beside the list of them, so that the other months are not even planned for. */
function statementOf(kind: RecordKind, stored: string): string {
  const { table, time } = SOURCES[kind]
  const members = recordMembers.map((name) => `${COLUMNS[kind][name] ?? 'NULL'} AS "${name}"`)
  return `SELECT r.id, page.time, ${members.join(', ')}, ${stored} AS stored
  FROM unnest($1::uuid[], $2::text[]) page (id, time)
  JOIN ${table} r ON r.id = page.id AND r.${time} = page.time::timestamptz
    AND r.${time} BETWEEN $3::timestamptz AND $4::timestamptz
  ${JOINS[kind]}`
}
