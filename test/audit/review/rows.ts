import { createHash, randomUUID } from 'node:crypto'
import type { Queryable } from '../../../src/postgres/queryable.js'

/** Columns of a row that a test is about; the others get what is usual. */
type Row = Readonly<Record<string, unknown>>

/** Rows as the mirror, the ledger and the application insert them. Times are text, with microseconds. Each returns its id. */
export class AuditRows {
  readonly #client: Queryable
  #source: unknown

  constructor(client: Queryable) {
    this.#client = client
  }

  async event(event_time: string, row: Row = {}): Promise<string> {
    this.#source ??= (
      await this.#client.query(
        `INSERT INTO waxseal.trail_source (provider, scope, reader) VALUES ('aws', '1/eu', 'test')
          ON CONFLICT (provider, scope, reader) DO UPDATE SET scope = excluded.scope RETURNING id`,
      )
    ).rows[0]!['id']
    const id = randomUUID()
    const raw = String(row['raw'] ?? JSON.stringify({ eventID: id }))
    return this.#insert('audit_event', event_time, {
      ...{ id, source: this.#source, provider: 'aws', scope: '1/eu', event_uid: id, uid_quality: 'native', event_time },
      ...{ event_time_raw: event_time, kind: 'call', operation: 'Decrypt', operation_class: 'decrypt' },
      ...{ outcome: 'success', raw, raw_sha256: createHash('sha256').update(raw).digest(), ...row },
    })
  }

  async attempt(inserted_at: string, row: Row = {}): Promise<string> {
    const id = randomUUID()
    return this.#insert('ledger_attempt', inserted_at, {
      ...{
        id,
        call: id,
        inserted_at,
        started_at: inserted_at,
        writer: id,
        provider: 'aws',
        operation: 'unwrap',
        ...row,
      },
    })
  }

  async end(attempt: string, inserted_at: string, row: Row = {}): Promise<void> {
    await this.#insert('ledger_end', inserted_at, {
      ...{ attempt, inserted_at, ended_at: inserted_at, outcome: 'succeeded', latency_ms: 1, ...row },
    })
  }

  async application(inserted_at: string, row: Row = {}): Promise<string> {
    return this.#insert('application_event', inserted_at, {
      ...{ id: randomUUID(), inserted_at, occurred_at: inserted_at, category: 'credential', action: 'read' },
      ...{ outcome: 'success', ...row },
    })
  }

  async eventState(event: string, event_time: string, row: Row): Promise<void> {
    await this.#insert('event_state', event_time, { event, event_time, ...row })
  }

  async attemptState(attempt: string, attempt_time: string, row: Row): Promise<void> {
    await this.#insert('attempt_state', attempt_time, { attempt, attempt_time, ...row })
  }

  async #insert(table: string, time: string, row: Row): Promise<string> {
    await this.#client.query('SELECT waxseal.ensure_audit_month($1)', [time.slice(0, 10)])
    const names = Object.keys(row)
    await this.#client.query(
      `INSERT INTO waxseal.${table} (${names.join(', ')}) VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')})`,
      Object.values(row),
    )
    return String(row['id'])
  }
}
