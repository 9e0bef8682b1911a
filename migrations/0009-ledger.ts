import type { Migration } from './migration.js'

/**
 * What the application says it did: each attempt at a KMS before it was sent, its end afterwards, and events of its own.
 * Rows are inserted and never changed, so the end of an attempt is a row too.
 */
export const ledger: Migration = {
  name: '0009-ledger',
  statements: [
    `CREATE TABLE IF NOT EXISTS waxseal.ledger_attempt (
  id uuid NOT NULL,
  call text NOT NULL,
  inserted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  started_at timestamptz NOT NULL,
  writer uuid NOT NULL,
  provider text NOT NULL,
  operation text NOT NULL,
  kek_id text,
  kek_version text,
  context jsonb NOT NULL DEFAULT '{}',
  actor text,
  tenant text,
  purpose text,
  ticket text,
  request text,
  ip text,
  journalled boolean NOT NULL DEFAULT false,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (id, inserted_at)
) PARTITION BY RANGE (inserted_at)`,
    'CREATE INDEX IF NOT EXISTS ledger_attempt_time ON waxseal.ledger_attempt (inserted_at DESC, id DESC)',
    'CREATE INDEX IF NOT EXISTS ledger_attempt_written ON waxseal.ledger_attempt (written_in)',
    'CREATE INDEX IF NOT EXISTS ledger_attempt_kek ON waxseal.ledger_attempt (kek_id, inserted_at DESC, id DESC)',
    'CREATE INDEX IF NOT EXISTS ledger_attempt_without_kek ON waxseal.ledger_attempt (provider) WHERE kek_id IS NULL',
    `CREATE INDEX IF NOT EXISTS ledger_attempt_actor
  ON waxseal.ledger_attempt (actor text_pattern_ops, inserted_at DESC, id DESC) WHERE actor IS NOT NULL`,
    `CREATE INDEX IF NOT EXISTS ledger_attempt_tenant ON waxseal.ledger_attempt (tenant, inserted_at DESC, id DESC)
  WHERE tenant IS NOT NULL`,
    `CREATE INDEX IF NOT EXISTS ledger_attempt_row
  ON waxseal.ledger_attempt ((context ->> 'waxseal-row'), inserted_at DESC, id DESC)`,
    'CREATE INDEX IF NOT EXISTS ledger_attempt_request ON waxseal.ledger_attempt (request) WHERE request IS NOT NULL',
    'CREATE INDEX IF NOT EXISTS ledger_attempt_call ON waxseal.ledger_attempt (call)',
    `CREATE TABLE IF NOT EXISTS waxseal.ledger_end (
  attempt uuid NOT NULL,
  inserted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('succeeded', 'failed')),
  kek_id text,
  kek_version text,
  replies jsonb NOT NULL DEFAULT '[]',
  error_code text,
  latency_ms double precision NOT NULL,
  journalled boolean NOT NULL DEFAULT false,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (attempt, inserted_at)
) PARTITION BY RANGE (inserted_at)`,
    'CREATE INDEX IF NOT EXISTS ledger_end_written ON waxseal.ledger_end (written_in)',
    'CREATE INDEX IF NOT EXISTS ledger_end_replies ON waxseal.ledger_end USING gin (replies jsonb_path_ops)',
    `CREATE INDEX IF NOT EXISTS ledger_end_failed ON waxseal.ledger_end (error_code, inserted_at DESC, attempt)
  WHERE outcome = 'failed'`,
    `CREATE TABLE IF NOT EXISTS waxseal.ledger_writer (
  id uuid PRIMARY KEY,
  label text,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  flushed_to timestamptz NOT NULL,
  ended_at timestamptz
)`,
    `CREATE TABLE IF NOT EXISTS waxseal.application_event (
  id uuid NOT NULL,
  inserted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  occurred_at timestamptz NOT NULL,
  writer uuid,
  category text NOT NULL CHECK (category IN
    ('credential', 'access', 'tool', 'authentication', 'authorisation', 'configuration', 'key', 'audit')),
  action text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('success', 'denied', 'error')),
  reason text,
  actor text,
  tenant text,
  purpose text,
  ticket text,
  request text,
  ip text,
  entity text,
  row_key text,
  envelope text,
  kek_provider text,
  kek_id text,
  kek_version text,
  detail jsonb NOT NULL DEFAULT '{}',
  journalled boolean NOT NULL DEFAULT false,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (id, inserted_at)
) PARTITION BY RANGE (inserted_at)`,
    'CREATE INDEX IF NOT EXISTS application_event_time ON waxseal.application_event (inserted_at DESC, id DESC)',
    'CREATE INDEX IF NOT EXISTS application_event_row ON waxseal.application_event (entity, row_key, inserted_at DESC)',
    `CREATE INDEX IF NOT EXISTS application_event_actor
  ON waxseal.application_event (actor text_pattern_ops, inserted_at DESC, id DESC)`,
    `CREATE INDEX IF NOT EXISTS application_event_kek ON waxseal.application_event (kek_id, inserted_at DESC, id DESC)
  WHERE kek_id IS NOT NULL`,
    `CREATE INDEX IF NOT EXISTS application_event_tenant ON waxseal.application_event (tenant, inserted_at DESC, id DESC)
  WHERE tenant IS NOT NULL`,
    'CREATE INDEX IF NOT EXISTS application_event_request ON waxseal.application_event (request) WHERE request IS NOT NULL',
    `CREATE INDEX IF NOT EXISTS application_event_failed ON waxseal.application_event (outcome, inserted_at DESC, id DESC)
  WHERE outcome <> 'success'`,
    `CREATE INDEX IF NOT EXISTS application_event_category
  ON waxseal.application_event (category, inserted_at DESC, id DESC)`,
    'CREATE INDEX IF NOT EXISTS application_event_written ON waxseal.application_event (written_in)',
  ],
}
