import type { Migration } from './migration.js'

const APPEND_ONLY = [
  'ledger_attempt',
  'ledger_end',
  'application_event',
  'audit_event',
  'audit_sighting',
  'trail_coverage',
  'trail_posture',
  'trail_quarantine',
  'key_access',
  'state_change',
  'finding',
  'finding_note',
  'superseded_envelope',
  'log_leaf',
  'log_node',
  'log_checkpoint',
  'log_anchor',
  'legal_hold',
  'legal_hold_lifted',
  'audit_archive',
  'audit_purge',
  'control_failure',
  'control_restored',
]
const PARTITIONED = [
  'ledger_attempt',
  'ledger_end',
  'application_event',
  'audit_event',
  'audit_sighting',
  'event_state',
  'attempt_state',
  'state_change',
]
const quoted = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ')

/**
 * Keeps rows as they were inserted, makes the monthly partitions, and writes down what a reviewer does. The owner of the
 * tables can take the triggers away: what he did then shows at the checkpoints that were anchored outside.
 */
export const auditProtection: Migration = {
  name: '0014-audit-protection',
  statements: [
    `DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY[${quoted(APPEND_ONLY)}] LOOP
    EXECUTE format('CREATE OR REPLACE TRIGGER waxseal_no_change BEFORE UPDATE OR DELETE ON waxseal.%I
      FOR EACH ROW EXECUTE FUNCTION waxseal.refuse_change()', name);
    EXECUTE format('CREATE OR REPLACE TRIGGER waxseal_no_truncate BEFORE TRUNCATE ON waxseal.%I
      FOR EACH STATEMENT EXECUTE FUNCTION waxseal.refuse_change()', name);
    EXECUTE format('ALTER TABLE waxseal.%I ENABLE ALWAYS TRIGGER waxseal_no_change,
      ENABLE ALWAYS TRIGGER waxseal_no_truncate', name);
  END LOOP;
END $$`,
    // TRUNCATE of a partition does not fire its parent's trigger, and not every Postgres makes a trigger of a new partition as
    // it is on the parent. SECURITY DEFINER, so that whoever may insert finds a partition without owning the tables. `pg_temp`
    // last: unless it is named it comes first, and a type of the caller's, such as a domain `date`, would run as the owner.
    `CREATE OR REPLACE FUNCTION waxseal.ensure_audit_month(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  first date := date_trunc('month', day)::date;
  next date := (date_trunc('month', day) + interval '1 month')::date;
  parent text;
  partition text;
BEGIN
  FOREACH parent IN ARRAY ARRAY[${quoted(PARTITIONED)}] LOOP
    partition := parent || to_char(first, '_YYYYMM');
    CONTINUE WHEN to_regclass(format('waxseal.%I', partition)) IS NOT NULL;
    PERFORM pg_advisory_xact_lock(hashtext('waxseal audit partitions'));
    CONTINUE WHEN to_regclass(format('waxseal.%I', partition)) IS NOT NULL;
    EXECUTE format('CREATE TABLE waxseal.%I PARTITION OF waxseal.%I FOR VALUES FROM (%L) TO (%L)',
      partition, parent, first || ' 00:00:00+00', next || ' 00:00:00+00');
    IF parent NOT IN ('event_state', 'attempt_state') THEN
      EXECUTE format('CREATE TRIGGER waxseal_no_truncate BEFORE TRUNCATE ON waxseal.%I
        FOR EACH STATEMENT EXECUTE FUNCTION waxseal.refuse_change()', partition);
      EXECUTE format('ALTER TABLE waxseal.%I ENABLE ALWAYS TRIGGER waxseal_no_change,
        ENABLE ALWAYS TRIGGER waxseal_no_truncate', partition);
    END IF;
  END LOOP;
END $$`,
    'REVOKE ALL ON FUNCTION waxseal.ensure_audit_month(date) FROM PUBLIC',
    `DO $$
BEGIN
  FOR ahead IN 0..2 LOOP
    PERFORM waxseal.ensure_audit_month((now() AT TIME ZONE 'UTC' + ahead * interval '1 month')::date);
  END LOOP;
END $$`,
    // What a reviewer looks at is an event too. He cannot write any other way, nor under another name.
    `CREATE OR REPLACE FUNCTION waxseal.record_review(event uuid, action text, detail jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM waxseal.ensure_audit_month((clock_timestamp() AT TIME ZONE 'UTC')::date);
  INSERT INTO waxseal.application_event (id, occurred_at, category, action, outcome, actor, detail)
    VALUES (event, clock_timestamp(), 'audit', action, 'success', session_user, detail);
END $$`,
    'REVOKE ALL ON FUNCTION waxseal.record_review(uuid, text, jsonb) FROM PUBLIC',
  ],
}
