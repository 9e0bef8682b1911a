import type { Migration } from './migration.js'

/** The processes that are at work, each kept by itself. */
export const processes: Migration = {
  name: '0002-processes',
  statements: [
    `CREATE TABLE IF NOT EXISTS waxseal.process (
  id uuid PRIMARY KEY,
  label text,
  version text NOT NULL,
  required boolean NOT NULL,
  keks jsonb NOT NULL,
  modes jsonb NOT NULL,
  hold interval NOT NULL,
  backend_pid integer NOT NULL,
  backend_start timestamptz NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50)`,
  ],
}
