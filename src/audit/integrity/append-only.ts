/** Tables whose rows are inserted and never changed, as migration 0014 protects them. */
export const appendOnlyTables = [
  ...['ledger_attempt', 'ledger_end', 'application_event'],
  ...['audit_event', 'audit_sighting', 'trail_coverage', 'trail_posture', 'trail_quarantine', 'key_access'],
  ...['state_change', 'finding', 'finding_note', 'superseded_envelope'],
  ...['log_leaf', 'log_node', 'log_checkpoint', 'log_anchor'],
  ...['legal_hold', 'legal_hold_lifted', 'audit_archive', 'audit_purge'],
  ...['control_failure', 'control_restored'],
] as const

/** Name and `pg_trigger.tgtype`: BEFORE UPDATE OR DELETE of each row, BEFORE TRUNCATE. */
export const appendOnlyTriggers = { waxseal_no_change: 27, waxseal_no_truncate: 34 } as const

/** What the triggers run, without white space: another body could let a change pass. */
export const REFUSE_CHANGE = `BEGIN
  RAISE EXCEPTION USING ERRCODE = 'restrict_violation',
    MESSAGE = format('waxseal: %I.%I is append-only: what was written down stays', TG_TABLE_SCHEMA, TG_TABLE_NAME);
END`.replace(/\s+/g, '')
