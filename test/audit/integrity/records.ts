import { createHash, randomUUID } from 'node:crypto'
import type pg from 'pg'

/** Attempts, each with its end, in one transaction each. Returns the ids of the attempts. */
export async function insertAttempts(client: pg.Client, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < count; n++) {
    const id = randomUUID()
    await client.query('BEGIN')
    await client.query(
      `INSERT INTO waxseal.ledger_attempt (id, call, started_at, writer, provider, operation, context)
        VALUES ($1, $1::uuid::text, '2026-11-26 05:00:00.123456+00', $1, 'fake', 'unwrap', '{"tenant": "a"}')`,
      [id],
    )
    await client.query(
      `INSERT INTO waxseal.ledger_end (attempt, ended_at, outcome, latency_ms, replies)
        VALUES ($1, now(), 'succeeded', 0.1, '[{"operation": "Decrypt", "status": "200"}]')`,
      [id],
    )
    await client.query('COMMIT')
    ids.push(id)
  }
  return ids
}

/** Many application events in one transaction. */
export async function insertApplicationEvents(client: pg.Client, count: number): Promise<void> {
  await client.query(
    `INSERT INTO waxseal.application_event (id, occurred_at, category, action, outcome, actor)
      SELECT gen_random_uuid(), now(), 'tool', 'run', 'success', 'actor ' || n FROM generate_series(1, $1::int) AS n`,
    [count],
  )
}

/** One row of each kind. */
export async function insertOneOfEach(client: pg.Client): Promise<void> {
  await insertAttempts(client, 1)
  await insertApplicationEvents(client, 1)
  await insertEvents(client, 1)
  const finding = randomUUID()
  await client.query(
    `INSERT INTO waxseal.finding (id, kind, severity, provider, scope, subject, occurred_at)
      VALUES ($1, 'unaccounted', 'high', 'fake', 'a', 'b', now())`,
    [finding],
  )
  await client.query(
    `INSERT INTO waxseal.finding_note (id, finding, action, reason) VALUES (gen_random_uuid(), $1, 'acknowledged', 'known')`,
    [finding],
  )
  await client.query(
    `WITH archive AS (INSERT INTO waxseal.audit_archive (id, table_name, month, rows, sha256, place)
        VALUES (gen_random_uuid(), 'ledger_attempt', '2025-01-01', 3, sha256('x'), 'somewhere') RETURNING id)
      INSERT INTO waxseal.audit_purge (archive) SELECT id FROM archive`,
  )
  await client.query(`INSERT INTO waxseal.superseded_envelope (envelope, run) VALUES ('e1', gen_random_uuid())`)
  await client.query(
    `INSERT INTO waxseal.key_access (id, provider, kek_id, principals, limits, unread)
      VALUES (gen_random_uuid(), 'fake', 'a', '[{"principal": "b"}]', '[]', '[]')`,
  )
  await client.query(
    `WITH hold AS (INSERT INTO waxseal.legal_hold (id, holds_from, holds_to, reason)
        VALUES (gen_random_uuid(), '2025-01-01', '2025-02-01', 'case 12') RETURNING id)
      INSERT INTO waxseal.legal_hold_lifted (hold, reason) SELECT id, 'case 12 is over' FROM hold`,
  )
  await client.query(
    `WITH failure AS (INSERT INTO waxseal.control_failure (id, control, scope, started_at, cause, effect)
        VALUES (gen_random_uuid(), 'mirror', 'a', now(), 'away', 'blind') RETURNING id)
      INSERT INTO waxseal.control_restored (failure, restored_at, remedy) SELECT id, now(), 'back' FROM failure`,
  )
}

export async function insertEvents(client: pg.Client, count: number, context: object | null = null): Promise<void> {
  const { rows } = await client.query(
    `INSERT INTO waxseal.trail_source (provider, scope, reader) VALUES ('fake', 'a', 'b')
      ON CONFLICT (provider, scope, reader) DO UPDATE SET scope = excluded.scope RETURNING id`,
  )
  for (let n = 0; n < count; n++) {
    const raw = JSON.stringify({ n, id: randomUUID() })
    await client.query(
      `INSERT INTO waxseal.audit_event (id, source, provider, scope, event_uid, uid_quality, event_time, event_time_raw, kind,
          operation, operation_class, outcome, source_ip, context, raw, raw_sha256)
        VALUES (gen_random_uuid(), $1, 'fake', 'a', $2, 'native', now(), 'raw time', 'call', 'Decrypt', 'decrypt', 'success',
          '192.0.2.1', $3, $4, $5)`,
      [rows[0].id, randomUUID(), context, raw, createHash('sha256').update(raw).digest()],
    )
  }
}
