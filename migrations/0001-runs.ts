import type { Migration } from './migration.js'

/** Runs over protected tables: what is open, who has which rows, what was counted, and what failed. */
export const runs: Migration = {
  name: '0001-runs',
  statements: [
    `CREATE TABLE IF NOT EXISTS waxseal.run (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  kind text NOT NULL,
  entity text NOT NULL,
  table_name text NOT NULL,
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'paused', 'cancelled', 'finished')),
  options jsonb NOT NULL DEFAULT '{}',
  pass integer NOT NULL DEFAULT 0,
  started_by text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz
)`,
    // Two runs of a kind over one table would only lose races against each other.
    `CREATE UNIQUE INDEX IF NOT EXISTS run_open ON waxseal.run (kind, table_name) WHERE state IN ('running', 'paused')`,
    `CREATE TABLE IF NOT EXISTS waxseal.run_set (
  run uuid NOT NULL REFERENCES waxseal.run ON DELETE CASCADE,
  set_hash bigint NOT NULL,
  frontier text[],
  exhausted boolean NOT NULL DEFAULT false,
  PRIMARY KEY (run, set_hash)
)`,
    `CREATE TABLE IF NOT EXISTS waxseal.run_range (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  run uuid NOT NULL REFERENCES waxseal.run ON DELETE CASCADE,
  set_hash bigint NOT NULL,
  cursor text[],
  until text[],
  owner uuid,
  heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp()
)`,
    'CREATE INDEX IF NOT EXISTS run_range_of_run ON waxseal.run_range (run, id)',
    `CREATE TABLE IF NOT EXISTS waxseal.run_count (
  run uuid NOT NULL REFERENCES waxseal.run ON DELETE CASCADE,
  pass integer NOT NULL,
  name text NOT NULL,
  rows bigint NOT NULL,
  PRIMARY KEY (run, pass, name)
)`,
    `CREATE TABLE IF NOT EXISTS waxseal.run_failure (
  run uuid NOT NULL REFERENCES waxseal.run ON DELETE CASCADE,
  primary_key text[] NOT NULL,
  code text NOT NULL,
  message text NOT NULL,
  failed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (run, primary_key)
)`,
  ],
}
