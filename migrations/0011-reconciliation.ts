import type { Migration } from './migration.js'

/** What the reconciliation of ledger and mirror found: the state of each event and attempt, its history, and findings. */
export const reconciliation: Migration = {
  name: '0011-reconciliation',
  statements: [
    `CREATE TABLE IF NOT EXISTS waxseal.event_state (
  event uuid NOT NULL,
  event_time timestamptz NOT NULL,
  state text NOT NULL CHECK (state IN
    ('pending', 'accounted', 'expected', 'provider_initiated', 'superseded', 'conflict', 'unaccounted')),
  rule text,
  confidence text CHECK (confidence IN ('exact', 'token', 'count', 'unanswered')),
  attempt uuid,
  reason text,
  decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (event, event_time)
) PARTITION BY RANGE (event_time)`,
    // In the order in which records are shown, so that a page of one state is its beginning.
    `CREATE INDEX IF NOT EXISTS event_state_open ON waxseal.event_state (state, event_time DESC, event DESC)
  WHERE state <> 'accounted'`,
    'CREATE INDEX IF NOT EXISTS event_state_attempt ON waxseal.event_state (attempt) WHERE attempt IS NOT NULL',
    `CREATE TABLE IF NOT EXISTS waxseal.attempt_state (
  attempt uuid NOT NULL,
  attempt_time timestamptz NOT NULL,
  state text NOT NULL CHECK (state IN ('open', 'matched', 'not_expected', 'unconfirmed', 'not_delivered',
    'missing_suspected', 'missing', 'resolved_late', 'unverifiable')),
  rule text,
  decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (attempt, attempt_time)
) PARTITION BY RANGE (attempt_time)`,
    `CREATE INDEX IF NOT EXISTS attempt_state_open ON waxseal.attempt_state (state, attempt_time DESC, attempt DESC)
  WHERE state <> 'matched'`,
    `CREATE TABLE IF NOT EXISTS waxseal.state_change (
  id uuid NOT NULL,
  inserted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  subject text NOT NULL CHECK (subject IN ('event', 'attempt')),
  subject_id uuid NOT NULL,
  subject_time timestamptz NOT NULL,
  old_state text,
  new_state text NOT NULL,
  rule text,
  detail jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (id, inserted_at)
) PARTITION BY RANGE (inserted_at)`,
    'CREATE INDEX IF NOT EXISTS state_change_subject ON waxseal.state_change (subject_id, inserted_at)',
    `CREATE TABLE IF NOT EXISTS waxseal.finding (
  id uuid PRIMARY KEY,
  opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  kind text NOT NULL,
  severity text NOT NULL CHECK (severity IN ('info', 'low', 'medium', 'high', 'critical')),
  provider text NOT NULL,
  scope text NOT NULL,
  subject text NOT NULL,
  occurred_at timestamptz NOT NULL,
  event uuid,
  attempt uuid,
  kek_id text,
  principal text,
  detail jsonb NOT NULL DEFAULT '{}',
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  UNIQUE (kind, provider, scope, subject)
)`,
    'CREATE INDEX IF NOT EXISTS finding_time ON waxseal.finding (occurred_at DESC, id DESC)',
    'CREATE INDEX IF NOT EXISTS finding_place ON waxseal.finding (provider, scope, kind, occurred_at)',
    'CREATE INDEX IF NOT EXISTS finding_written ON waxseal.finding (written_in)',
    'CREATE INDEX IF NOT EXISTS finding_event ON waxseal.finding (event) WHERE event IS NOT NULL',
    'CREATE INDEX IF NOT EXISTS finding_attempt ON waxseal.finding (attempt) WHERE attempt IS NOT NULL',
    // A finding is never changed either: what became of it is written beside it.
    `CREATE TABLE IF NOT EXISTS waxseal.finding_note (
  id uuid PRIMARY KEY,
  finding uuid NOT NULL REFERENCES waxseal.finding,
  noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  action text NOT NULL CHECK (action IN ('acknowledged', 'resolved', 'reopened', 'alerted')),
  reason text NOT NULL,
  who text NOT NULL DEFAULT session_user,
  detail jsonb NOT NULL DEFAULT '{}',
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id()
)`,
    'CREATE INDEX IF NOT EXISTS finding_note_of ON waxseal.finding_note (finding, noted_at)',
    'CREATE INDEX IF NOT EXISTS finding_note_written ON waxseal.finding_note (written_in)',
    // What `renew` replaced, for ever: whoever uses such a data key later has it from an old copy.
    `CREATE TABLE IF NOT EXISTS waxseal.superseded_envelope (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  envelope text NOT NULL UNIQUE,
  superseded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  run uuid NOT NULL,
  written_in xid8 NOT NULL DEFAULT pg_current_xact_id()
)`,
    'CREATE INDEX IF NOT EXISTS superseded_envelope_written ON waxseal.superseded_envelope (written_in)',
    // `seen_below`: what later transactions of this cluster wrote makes a settled day one to look at again.
    `CREATE TABLE IF NOT EXISTS waxseal.reconciled (
  provider text NOT NULL,
  scope text NOT NULL,
  day date NOT NULL,
  reconciled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  settled boolean NOT NULL,
  seen_below xid8 NOT NULL DEFAULT '0',
  cluster text NOT NULL DEFAULT '',
  counts jsonb NOT NULL,
  PRIMARY KEY (provider, scope, day)
)`,
  ],
}
