import type { Migration } from './migration.js'

/** The Merkle log (RFC 6962) over the records of the audit, its checkpoints, and where they were anchored. */
export const integrity: Migration = {
  name: '0012-integrity',
  statements: [
    `CREATE TABLE IF NOT EXISTS waxseal.log_leaf (
  position bigint PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('attempt', 'end', 'application', 'event', 'finding', 'note', 'archive', 'key-access',
    'hold', 'hold-lifted', 'control-failure', 'control-restored', 'superseded', 'purge')),
  record uuid NOT NULL,
  record_time timestamptz NOT NULL,
  digest bytea NOT NULL CHECK (octet_length(digest) = 32),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  appended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (record, kind, record_time)
)`,
    // Roots of complete subtrees, level 8 upwards: a proof reads one group of 256 leaves and a node of each level above.
    `CREATE TABLE IF NOT EXISTS waxseal.log_node (
  level smallint NOT NULL,
  index bigint NOT NULL,
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  PRIMARY KEY (level, index)
)`,
    // Below which transaction each table is appended. Numbers of transactions mean something in their cluster alone.
    `CREATE TABLE IF NOT EXISTS waxseal.log_frontier (
  kind text PRIMARY KEY,
  written_in xid8 NOT NULL,
  cluster text NOT NULL
)`,
    `CREATE TABLE IF NOT EXISTS waxseal.log_checkpoint (
  size bigint PRIMARY KEY,
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  note text NOT NULL,
  signed_at timestamptz NOT NULL DEFAULT clock_timestamp()
)`,
    `CREATE TABLE IF NOT EXISTS waxseal.log_anchor (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  size bigint NOT NULL REFERENCES waxseal.log_checkpoint,
  place text NOT NULL,
  reference text,
  anchored_at timestamptz NOT NULL DEFAULT clock_timestamp()
)`,
  ],
}
