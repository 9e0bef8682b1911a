import type { Migration } from './migration.js'

/** The envelopes that an open run of `renew` has made: none of them is made anew by it once more. */
export const renewals: Migration = {
  name: '0008-renewals',
  statements: [
    `CREATE TABLE IF NOT EXISTS waxseal.renewed_envelope (
  run uuid NOT NULL REFERENCES waxseal.run ON DELETE CASCADE,
  envelope text NOT NULL,
  PRIMARY KEY (run, envelope)
)`,
  ],
}
