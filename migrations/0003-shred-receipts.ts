import type { Migration } from './migration.js'

/**
 * What was shredded, for whoever asks later: nothing in these tables can be changed or taken away without dropping a
 * trigger first. A receipt is begun, gets a row for each credential, and is ended; each is an insert.
 */
const TABLES = ['shred_receipt', 'shredded_row', 'shred_end']

export const shredReceipts: Migration = {
  name: '0003-shred-receipts',
  statements: [
    `CREATE TABLE IF NOT EXISTS waxseal.shred_receipt (
  id uuid PRIMARY KEY,
  target jsonb NOT NULL,
  tables jsonb NOT NULL,
  reason text NOT NULL,
  ticket text,
  who text NOT NULL,
  database_user text NOT NULL DEFAULT session_user,
  caches_kept interval NOT NULL,
  backups_kept interval NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now()
)`,
    `CREATE TABLE IF NOT EXISTS waxseal.shredded_row (
  receipt uuid NOT NULL REFERENCES waxseal.shred_receipt,
  entity text NOT NULL,
  primary_key jsonb NOT NULL,
  envelope text NOT NULL,
  wraps jsonb NOT NULL,
  shredded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (receipt, entity, primary_key)
)`,
    'CREATE INDEX IF NOT EXISTS shredded_row_envelope ON waxseal.shredded_row (envelope)',
    `CREATE TABLE IF NOT EXISTS waxseal.shred_end (
  receipt uuid PRIMARY KEY REFERENCES waxseal.shred_receipt,
  tried bigint NOT NULL,
  lsn pg_lsn NOT NULL DEFAULT pg_current_wal_insert_lsn(),
  ended_at timestamptz NOT NULL DEFAULT clock_timestamp()
)`,
    `CREATE OR REPLACE FUNCTION waxseal.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $waxseal$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'restrict_violation',
    MESSAGE = format('waxseal: %I.%I is append-only: what was written down stays', TG_TABLE_SCHEMA, TG_TABLE_NAME);
END
$waxseal$`,
    ...TABLES.flatMap((table) => [
      `CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON waxseal.${table}
FOR EACH STATEMENT EXECUTE FUNCTION waxseal.refuse_change()`,
      `ALTER TABLE waxseal.${table} ENABLE ALWAYS TRIGGER append_only`,
    ]),
  ],
}
