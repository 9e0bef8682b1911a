import type { Migration } from './migration.js'

/** Old wraps of a rotation that proves a sample, until the run is verified. Shredding purges those of its envelopes. */
export const rewrapJournal: Migration = {
  name: '0005-rewrap-journal',
  statements: [
    `CREATE TABLE IF NOT EXISTS waxseal.rewrap_journal (
  run uuid NOT NULL REFERENCES waxseal.run,
  envelope text NOT NULL,
  primary_key text[] NOT NULL,
  metadata jsonb NOT NULL,
  written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (run, envelope)
)`,
    'CREATE INDEX IF NOT EXISTS rewrap_journal_envelope ON waxseal.rewrap_journal (envelope)',
  ],
}
