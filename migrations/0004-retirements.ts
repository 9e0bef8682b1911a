import type { Migration } from './migration.js'

/** Decisions whether a version of a KEK may be disabled, with what was found: the last is not the only one that counts. */
export const retirements: Migration = {
  name: '0004-retirements',
  statements: [
    `CREATE TABLE IF NOT EXISTS waxseal.retirement (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  provider text NOT NULL,
  kek text NOT NULL,
  version text NOT NULL,
  rows bigint NOT NULL,
  ready boolean NOT NULL,
  checks jsonb NOT NULL,
  decided_by text NOT NULL,
  decided_at timestamptz NOT NULL DEFAULT clock_timestamp()
)`,
    'CREATE INDEX IF NOT EXISTS retirement_of_kek ON waxseal.retirement (provider, kek, version, id)',
  ],
}
