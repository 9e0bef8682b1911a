import type { Migration } from './migration.js'

/** What was taken out of the tables after its time, where it went, and what must stay. */
export const retention: Migration = {
  name: '0013-retention',
  statements: [
    `CREATE TABLE IF NOT EXISTS waxseal.legal_hold (
  id uuid PRIMARY KEY,
  holds_from timestamptz NOT NULL,
  holds_to timestamptz NOT NULL CHECK (holds_from < holds_to),
  reason text NOT NULL,
  placed_by text NOT NULL DEFAULT session_user,
  placed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id()
)`,
    'CREATE INDEX IF NOT EXISTS legal_hold_written ON waxseal.legal_hold (written_in)',
    `CREATE TABLE IF NOT EXISTS waxseal.legal_hold_lifted (
  hold uuid PRIMARY KEY REFERENCES waxseal.legal_hold,
  reason text NOT NULL,
  lifted_by text NOT NULL DEFAULT session_user,
  lifted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id()
)`,
    'CREATE INDEX IF NOT EXISTS legal_hold_lifted_written ON waxseal.legal_hold_lifted (written_in)',
    `CREATE TABLE IF NOT EXISTS waxseal.audit_archive (
  id uuid PRIMARY KEY,
  table_name text NOT NULL,
  month date NOT NULL,
  rows bigint NOT NULL,
  sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
  place text NOT NULL,
  archived_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  UNIQUE (table_name, month, sha256)
)`,
    'CREATE INDEX IF NOT EXISTS audit_archive_written ON waxseal.audit_archive (written_in)',
    `CREATE TABLE IF NOT EXISTS waxseal.audit_purge (
  archive uuid PRIMARY KEY REFERENCES waxseal.audit_archive,
  purged_by text NOT NULL DEFAULT session_user,
  purged_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id()
)`,
    'CREATE INDEX IF NOT EXISTS audit_purge_written ON waxseal.audit_purge (written_in)',
    `CREATE TABLE IF NOT EXISTS waxseal.control_failure (
  id uuid PRIMARY KEY,
  control text NOT NULL,
  scope text NOT NULL,
  started_at timestamptz NOT NULL,
  cause text NOT NULL,
  effect text NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id()
)`,
    'CREATE INDEX IF NOT EXISTS control_failure_written ON waxseal.control_failure (written_in)',
    `CREATE TABLE IF NOT EXISTS waxseal.control_restored (
  failure uuid PRIMARY KEY REFERENCES waxseal.control_failure,
  restored_at timestamptz NOT NULL,
  remedy text,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id()
)`,
    'CREATE INDEX IF NOT EXISTS control_restored_written ON waxseal.control_restored (written_in)',
  ],
}
