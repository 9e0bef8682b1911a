import type { Migration } from './migration.js'

/** How far the adoption of each table is, and which columns it concerns: the declaration is gone before the last step. */
export const adoptions: Migration = {
  name: '0007-adoptions',
  statements: [
    `CREATE TABLE IF NOT EXISTS waxseal.adoption (
  table_name text PRIMARY KEY,
  entity text NOT NULL,
  fields jsonb NOT NULL,
  dropped_not_null text[] NOT NULL DEFAULT '{}',
  prepared_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  enforced_at timestamptz,
  cleaned_at timestamptz
)`,
  ],
}
