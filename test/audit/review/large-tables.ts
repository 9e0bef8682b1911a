import type pg from 'pg'

export const MONTHS = ['2026-04', '2026-05', '2026-06']

/** Three months of a few hundred events each, and as many attempts and application events, unless `ownRows` says otherwise. */
export async function fillTables(client: pg.Client, rows = 600, ownRows = rows): Promise<void> {
  await client.query(
    `INSERT INTO waxseal.trail_source (provider, scope, reader) VALUES ('aws', '1/eu', 'test') ON CONFLICT DO NOTHING`,
  )
  for (const month of MONTHS) {
    await client.query(`SELECT waxseal.ensure_audit_month($1)`, [`${month}-01`])
    await client.query(EVENTS, [`${month}-01`, rows])
    for (const statement of OWN_RECORDS) await client.query(statement, [`${month}-01`, ownRows])
  }
}

/** Of months, and of tables without any that are named. */
export async function pretendMillions(client: pg.Client, tables: readonly string[] = []): Promise<void> {
  // Autovacuum would find out.
  await client.query(`DO $$ DECLARE name regclass; BEGIN
    FOR name IN SELECT oid FROM pg_class WHERE relnamespace = 'waxseal'::regnamespace AND relkind = 'r' AND relispartition LOOP
      EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = false)', name);
    END LOOP; END $$`)
  for (const table of tables) await client.query(`ALTER TABLE waxseal.${table} SET (autovacuum_enabled = false)`)
  await client.query('ANALYZE')
  // The planner multiplies rows of a page with the pages that are there.
  await client.query(
    `UPDATE pg_class SET reltuples = 5000000 WHERE relnamespace = 'waxseal'::regnamespace AND reltuples > 100
      AND (relname ~ $1 OR relname = ANY ($2))`,
    [`_(${MONTHS.join('|').replaceAll('-', '')})(_|$)`, tables],
  )
}

const AT = `$1::date + (n * interval '28 days' / $2::int)`
const CONTEXT = `jsonb_build_object('waxseal-entity', 'account', 'waxseal-row', (n % 97)::text, 'tenant', 't-' || n % 50)`
const EVENTS = `WITH inserted AS (
    INSERT INTO waxseal.audit_event (id, source, provider, scope, event_uid, uid_quality, event_time, event_time_raw, kind, operation,
      operation_class, outcome, principal, kek_id, source_kek_id, request_id, context, raw, raw_sha256)
    SELECT gen_random_uuid(), (SELECT min(id) FROM waxseal.trail_source), 'aws', '1/eu', gen_random_uuid()::text, 'native', ${AT}, '', 'call', 'Decrypt',
      'decrypt', CASE WHEN n % 100 = 0 THEN 'denied' ELSE 'success' END, 'arn:p/' || n % 20, 'k-' || n % 50,
      CASE WHEN n % 10 = 0 THEN 'k-' || n % 7 END, 'r-' || $1::date || n, ${CONTEXT}, repeat('{}', 400), sha256(n::text::bytea)
    FROM generate_series(1, $2::int) n RETURNING id, event_time)
  INSERT INTO waxseal.event_state (event, event_time, state, confidence, attempt)
    SELECT id, event_time, CASE WHEN n % 200 = 0 THEN 'unaccounted' ELSE 'accounted' END, CASE WHEN n % 200 > 0 THEN 'exact' END,
      CASE WHEN n % 200 > 0 THEN gen_random_uuid() END FROM (SELECT *, row_number() OVER () AS n FROM inserted) numbered`
/** Attempts with their ends, and application events. */
const OWN_RECORDS = [
  `WITH inserted AS (
    INSERT INTO waxseal.ledger_attempt (id, call, inserted_at, started_at, writer, provider, operation, kek_id, context, actor, tenant, request)
    SELECT gen_random_uuid(), 'c-' || n, ${AT}, ${AT}, gen_random_uuid(), 'aws', 'unwrap', 'k-' || n % 50, ${CONTEXT}, 'a-' || n % 20, 't-' || n % 50,
      'h-' || $1::date || n
    FROM generate_series(1, $2::int) n RETURNING id, inserted_at, kek_id),
  ends AS (
    INSERT INTO waxseal.ledger_end (attempt, inserted_at, ended_at, outcome, error_code, latency_ms, replies)
    SELECT id, inserted_at + interval '1 second', inserted_at, CASE WHEN row_number() OVER () % 100 = 0 THEN 'failed' ELSE 'succeeded' END,
      CASE WHEN row_number() OVER () % 100 = 0 THEN 'ERR_KMS_ACCESS_DENIED' END, 1,
      jsonb_build_array(jsonb_build_object('requestId', 'r-' || id)) FROM inserted)
  INSERT INTO waxseal.attempt_state (attempt, attempt_time, state)
    SELECT id, inserted_at, CASE WHEN row_number() OVER () % 200 = 0 THEN 'missing' ELSE 'matched' END FROM inserted`,
  `INSERT INTO waxseal.application_event (id, inserted_at, occurred_at, category, action, outcome, actor, tenant, entity, row_key, kek_id, request)
    SELECT gen_random_uuid(), ${AT}, ${AT}, CASE WHEN n % 50 = 0 THEN 'audit' ELSE 'access' END, 'read',
      CASE WHEN n % 100 = 0 THEN 'denied' ELSE 'success' END, 'a-' || n % 20, 't-' || n % 50, 'account', (n % 97)::text, 'k-' || n % 50,
      'h-' || $1::date || n
    FROM generate_series(1, $2::int) n`,
]
