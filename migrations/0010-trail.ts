import type { Migration } from './migration.js'

/** The audit trails of the providers, mirrored: their events, where a reader stands, and what it has covered. */
export const trail: Migration = {
  name: '0010-trail',
  statements: [
    `CREATE TABLE IF NOT EXISTS waxseal.trail_source (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  provider text NOT NULL,
  scope text NOT NULL,
  reader text NOT NULL,
  registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (provider, scope, reader)
)`,
    // The raw event is text: jsonb refuses \\u0000 and lone surrogates, which callers of a KMS can put into it.
    `CREATE TABLE IF NOT EXISTS waxseal.audit_event (
  id uuid NOT NULL,
  source bigint NOT NULL REFERENCES waxseal.trail_source,
  provider text NOT NULL,
  scope text NOT NULL,
  event_uid text NOT NULL,
  uid_quality text NOT NULL CHECK (uid_quality IN ('native', 'composite', 'content')),
  copy_group text,
  supersedes_uid text,
  event_time timestamptz NOT NULL,
  event_time_raw text NOT NULL,
  received_at timestamptz,
  mirrored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  kind text NOT NULL CHECK (kind IN ('call', 'service', 'lifecycle', 'logging')),
  operation text NOT NULL,
  operation_class text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('success', 'denied', 'throttled', 'error')),
  status text,
  status_detail text,
  request_id text,
  call_token text,
  principal_type text,
  principal text,
  principal_name text,
  credential_id text,
  via text,
  source_ip inet,
  source_text text,
  user_agent text,
  kek_id text,
  kek_version text,
  source_kek_id text,
  requested_key text,
  context jsonb,
  raw text NOT NULL,
  raw_sha256 bytea NOT NULL CHECK (octet_length(raw_sha256) = 32),
  canonical_sha256 bytea CHECK (octet_length(canonical_sha256) = 32),
  raw_reference text,
  proof text NOT NULL DEFAULT 'none',
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (id, event_time),
  UNIQUE (provider, scope, event_uid, event_time)
) PARTITION BY RANGE (event_time)`,
    'CREATE INDEX IF NOT EXISTS audit_event_time ON waxseal.audit_event (event_time DESC, id DESC)',
    'CREATE INDEX IF NOT EXISTS audit_event_kek ON waxseal.audit_event (kek_id, event_time DESC, id DESC)',
    `CREATE INDEX IF NOT EXISTS audit_event_source_kek ON waxseal.audit_event (source_kek_id, event_time DESC)
  WHERE source_kek_id IS NOT NULL`,
    `CREATE INDEX IF NOT EXISTS audit_event_principal
  ON waxseal.audit_event (principal text_pattern_ops, event_time DESC, id DESC)`,
    'CREATE INDEX IF NOT EXISTS audit_event_request ON waxseal.audit_event (request_id) WHERE request_id IS NOT NULL',
    'CREATE INDEX IF NOT EXISTS audit_event_copies ON waxseal.audit_event (copy_group) WHERE copy_group IS NOT NULL',
    `CREATE INDEX IF NOT EXISTS audit_event_failed ON waxseal.audit_event (outcome, event_time DESC, id DESC)
  WHERE outcome <> 'success'`,
    `CREATE INDEX IF NOT EXISTS audit_event_context ON waxseal.audit_event USING gin (context jsonb_path_ops)
  WHERE context IS NOT NULL`,
    `CREATE INDEX IF NOT EXISTS audit_event_row
  ON waxseal.audit_event ((context ->> 'waxseal-row'), event_time DESC, id DESC) WHERE context IS NOT NULL`,
    `CREATE INDEX IF NOT EXISTS audit_event_logging ON waxseal.audit_event (event_time DESC) WHERE kind = 'logging'`,
    'CREATE INDEX IF NOT EXISTS audit_event_written ON waxseal.audit_event (written_in)',
    // The row of an event is its first sighting. Later ones say by which reader, with which content, and what attests it: a proof
    // can come later than the event.
    `CREATE TABLE IF NOT EXISTS waxseal.audit_sighting (
  event uuid NOT NULL,
  event_time timestamptz NOT NULL,
  source bigint NOT NULL REFERENCES waxseal.trail_source,
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  canonical_sha256 bytea,
  raw_sha256 bytea NOT NULL,
  proof text NOT NULL DEFAULT 'none',
  PRIMARY KEY (event, event_time, source, raw_sha256, proof)
) PARTITION BY RANGE (event_time)`,
    `CREATE TABLE IF NOT EXISTS waxseal.trail_cursor (
  source bigint PRIMARY KEY REFERENCES waxseal.trail_source,
  cursor jsonb,
  state text NOT NULL DEFAULT 'ok' CHECK (state IN ('ok', 'blind', 'failing')),
  state_since timestamptz NOT NULL DEFAULT clock_timestamp(),
  state_reason text,
  lease_owner uuid,
  lease_until timestamptz,
  read_at timestamptz
)`,
    `CREATE TABLE IF NOT EXISTS waxseal.trail_coverage (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  source bigint NOT NULL REFERENCES waxseal.trail_source,
  covers tstzrange NOT NULL,
  scanned_at timestamptz NOT NULL,
  complete boolean NOT NULL,
  proof jsonb
)`,
    'CREATE INDEX IF NOT EXISTS trail_coverage_covers ON waxseal.trail_coverage USING gist (covers)',
    `CREATE INDEX IF NOT EXISTS trail_coverage_first ON waxseal.trail_coverage (source, (lower(covers))) WHERE complete`,
    `CREATE INDEX IF NOT EXISTS trail_coverage_last ON waxseal.trail_coverage (source, (upper(covers))) WHERE complete`,
    `CREATE TABLE IF NOT EXISTS waxseal.trail_object (
  source bigint NOT NULL REFERENCES waxseal.trail_source,
  name text NOT NULL,
  etag text,
  size bigint,
  sha256 bytea,
  byte_offset bigint NOT NULL DEFAULT 0,
  digest_verified boolean,
  read_at timestamptz,
  PRIMARY KEY (source, name)
)`,
    `CREATE TABLE IF NOT EXISTS waxseal.trail_posture (
  source bigint NOT NULL REFERENCES waxseal.trail_source,
  checked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ok boolean NOT NULL,
  checks jsonb NOT NULL,
  PRIMARY KEY (source, checked_at)
)`,
    `CREATE TABLE IF NOT EXISTS waxseal.trail_quarantine (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  source bigint NOT NULL REFERENCES waxseal.trail_source,
  quarantined_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  reason text NOT NULL,
  payload bytea NOT NULL,
  payload_sha256 bytea NOT NULL,
  UNIQUE (source, payload_sha256)
)`,
    'CREATE INDEX IF NOT EXISTS trail_quarantine_time ON waxseal.trail_quarantine (source, quarantined_at)',
    // Who may use a KEK, as its KMS said then.
    `CREATE TABLE IF NOT EXISTS waxseal.key_access (
  id uuid PRIMARY KEY,
  read_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  provider text NOT NULL,
  kek_id text NOT NULL,
  principals jsonb NOT NULL,
  limits jsonb NOT NULL,
  unread jsonb NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id()
)`,
    'CREATE INDEX IF NOT EXISTS key_access_time ON waxseal.key_access (read_at)',
    'CREATE INDEX IF NOT EXISTS key_access_written ON waxseal.key_access (written_in)',
  ],
}
