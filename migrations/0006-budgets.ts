import type { Migration } from './migration.js'

/** When the next call to a KEK may be sent, by whoever shares the rate. */
export const budgets: Migration = {
  name: '0006-budgets',
  statements: [
    // Every call of every process passes through these few rows: each update finds room on its page.
    `CREATE TABLE IF NOT EXISTS waxseal.call_budget (
  provider text NOT NULL,
  kek text NOT NULL,
  next_at timestamptz NOT NULL,
  starts_at timestamptz NOT NULL,
  granted integer NOT NULL,
  PRIMARY KEY (provider, kek)
) WITH (fillfactor = 10)`,
  ],
}
