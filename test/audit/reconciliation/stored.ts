import type { DayReport } from '../../../src/audit/reconciliation/storage/reconcile-day.js'
import { type ReconcileOptions, reconcileTrails } from '../../../src/audit/reconciliation/storage/reconcile-trails.js'
import type { ProviderTrail } from '../../../src/audit/trail/provider-trail.js'
import type { Queryable } from '../../../src/postgres/queryable.js'
import { AuditRows } from '../review/rows.js'
import { APPLICATION, BY_REQUEST_ID, KEY } from './records.js'

export const trail: ProviderTrail = {
  ...BY_REQUEST_ID,
  logName: 'a log',
  cloudOf: () => undefined,
  normalize: () => ({ ignored: 'not asked' }),
  scopeOf: () => '1/eu',
  kekIdOf: ({ id }) => id,
  showsContext: true,
  expected: [],
  limits: [],
  readers: {},
}

/** Weeks after whatever tests look at. */
export const MUCH_LATER = Date.UTC(2027, 0, 1)

/** Records as they are stored, all of one key and one application, and what a pass makes of them. */
export class StoredTrail {
  readonly client: Queryable
  readonly rows: AuditRows

  constructor(client: Queryable) {
    this.client = client
    this.rows = new AuditRows(client)
  }

  /** An unwrap that was answered with a request id. */
  async unwrapped(at: string, requestId: string): Promise<string> {
    const attempt = await this.rows.attempt(at, { kek_id: KEY })
    const replies = [{ operation: 'Decrypt', requestId, principal: APPLICATION, status: 'ok', at }]
    await this.rows.end(attempt, at, { kek_id: KEY, replies: JSON.stringify(replies) })
    return attempt
  }

  async logged(at: string, requestId: string, row: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return this.rows.event(at, { request_id: requestId, kek_id: KEY, principal: APPLICATION, ...row })
  }

  /** A complete scan of a day, long after it. */
  async covered(day: string): Promise<void> {
    await this.client.query(
      `INSERT INTO waxseal.trail_coverage (source, covers, scanned_at, complete)
      SELECT id, tstzrange($1::timestamptz - interval '1 day', $1::timestamptz + interval '2 days'), '2026-12-31', true
      FROM waxseal.trail_source`,
      [`${day}T00:00:00Z`],
    )
  }

  pass(options: Partial<ReconcileOptions> = {}): Promise<DayReport[]> {
    return reconcileTrails(this.client, { trails: { aws: trail }, now: MUCH_LATER, ...options })
  }

  async stateOf(event: string): Promise<string | undefined> {
    const { rows } = await this.client.query('SELECT state FROM waxseal.event_state WHERE event = $1', [event])
    return rows[0]?.['state'] as string | undefined
  }

  async stateOfAttempt(attempt: string): Promise<string | undefined> {
    const { rows } = await this.client.query('SELECT state FROM waxseal.attempt_state WHERE attempt = $1', [attempt])
    return rows[0]?.['state'] as string | undefined
  }

  /** From the first to the last, of an event or an attempt. */
  async history(subject: string): Promise<string[]> {
    const { rows } = await this.client.query(
      `SELECT concat_ws(' -> ', old_state, new_state) AS change FROM waxseal.state_change WHERE subject_id = $1
      ORDER BY inserted_at`,
      [subject],
    )
    return rows.map(({ change }) => change as string)
  }

  /** Each with what became of it, such as `missing high resolved`. */
  async findings(day: string): Promise<string[]> {
    const { rows } = await this.client.query(
      `SELECT concat_ws(' ', kind, severity, (SELECT string_agg(action, ' ' ORDER BY noted_at) FROM waxseal.finding_note
        WHERE finding = f.id)) AS text
      FROM waxseal.finding f WHERE occurred_at >= $1::timestamptz AND occurred_at < $1::timestamptz + interval '1 day'
      ORDER BY 1`,
      [`${day}T00:00:00Z`],
    )
    return rows.map(({ text }) => text as string)
  }

  /** Everything that reconciliation wrote, but for when. */
  async written(): Promise<string> {
    const { rows } = await this.client.query(
      `SELECT (SELECT jsonb_agg(to_jsonb(s) ORDER BY event) FROM waxseal.event_state s) AS events,
        (SELECT jsonb_agg(to_jsonb(s) ORDER BY attempt) FROM waxseal.attempt_state s) AS attempts,
        (SELECT jsonb_agg(to_jsonb(c) ORDER BY id) FROM waxseal.state_change c) AS changes,
        (SELECT jsonb_agg(to_jsonb(f) ORDER BY id) FROM waxseal.finding f) AS findings,
        (SELECT jsonb_agg(to_jsonb(n) ORDER BY id) FROM waxseal.finding_note n) AS notes,
        (SELECT jsonb_agg(jsonb_build_array(provider, scope, day, settled, counts) ORDER BY day)
          FROM waxseal.reconciled) AS days`,
    )
    return JSON.stringify(rows[0])
  }
}
