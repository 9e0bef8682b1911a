import { quoteIdentifier } from '../postgres/protected-table.js'
import { COLUMNS } from './ledger/ledger-row.js'

export const auditRoles = ['application', 'mirror', 'auditor'] as const
export type AuditRole = (typeof auditRoles)[number]

const LEDGER = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[]
const MIRROR = [
  ...['trail_source', 'audit_event', 'audit_sighting', 'trail_cursor', 'trail_coverage', 'trail_object'],
  ...['trail_posture', 'trail_quarantine', 'key_access'],
  ...['event_state', 'attempt_state', 'state_change', 'finding', 'finding_note', 'reconciled'],
  ...['log_leaf', 'log_node', 'log_frontier', 'log_checkpoint', 'log_anchor'],
  ...['control_failure', 'control_restored'],
]
const RETENTION = ['legal_hold', 'legal_hold_lifted', 'audit_archive', 'audit_purge']
/** What rotations did and which versions of KEKs were retired: reports tell of it. */
const LIFECYCLE = ['run', 'run_count', 'run_failure', 'retirement']
const CHANGING = ['trail_cursor', 'trail_object', 'event_state', 'attempt_state', 'reconciled', 'log_frontier']

/**
 * What a role in Postgres needs, as statements for the owner of the tables. `application` writes the ledger and its own
 * events; `mirror` reads everything, mirrors trails, reconciles and keeps the log; `auditor` reads everything and writes
 * nothing but what he looked at. None of them changes or deletes a record.
 */
export function auditGrants(role: AuditRole, name: string): readonly string[] {
  const to = quoteIdentifier(name)
  const grant = (what: string, tables: readonly string[]) =>
    `GRANT ${what} ON ${tables.map((table) => `waxseal.${table}`).join(', ')} TO ${to}`
  const usage = `GRANT USAGE ON SCHEMA waxseal TO ${to}`
  const months = `GRANT EXECUTE ON FUNCTION waxseal.ensure_audit_month(date) TO ${to}`
  const reviews = `GRANT EXECUTE ON FUNCTION waxseal.record_review(uuid, text, jsonb) TO ${to}`
  // Whether the tables are those that the program knows, too.
  const everything = ['migration', ...LEDGER, 'ledger_writer', ...MIRROR, ...RETENTION, 'superseded_envelope']
  if (role === 'application') {
    return [
      // SELECT, so that a line of the journal that was stored already is not stored again.
      ...[usage, months, grant('SELECT', LEDGER), grant('SELECT, INSERT, UPDATE', ['ledger_writer'])],
      // When a row was inserted, and by which transaction, the database says: an explanation cannot be dated back.
      ...LEDGER.map((table) => grant(`INSERT (${Object.keys(COLUMNS[table]).join(', ')})`, [table])),
    ]
  }
  if (role === 'mirror') {
    return [
      // What was shredded or renewed is used by nobody any more: who does is found.
      ...[usage, months, grant('SELECT', [...everything, 'shredded_row'])],
      grant('INSERT', MIRROR),
      grant('UPDATE', CHANGING),
      reviews,
    ]
  }
  return [usage, grant('SELECT', [...everything, ...LIFECYCLE]), reviews]
}
