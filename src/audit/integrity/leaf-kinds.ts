export const leafKindNames = [
  ...(['attempt', 'end', 'application', 'event', 'finding', 'note', 'archive', 'key-access'] as const),
  ...(['hold', 'hold-lifted', 'control-failure', 'control-restored', 'superseded', 'purge'] as const),
] as const
export type LeafKindName = (typeof leafKindNames)[number]

/** How a column becomes a member of the canonical record; see `docs/audit-export-format.md`. */
export type ColumnForm = 'text' | 'time' | 'date' | 'double' | 'bytes' | 'json' | 'boolean'

/** A table whose rows are leaves of the log. */
export interface LeafKind {
  readonly table: string
  readonly id: string
  readonly time: string
  /** All but `written_in` and `raw`. A column more is another canonical form: that of version 2. */
  readonly columns: Readonly<Record<string, ColumnForm>>
}

const WHO = { actor: 'text', tenant: 'text', purpose: 'text', ticket: 'text', request: 'text', ip: 'text' } as const

export const leafKinds: Readonly<Record<LeafKindName, LeafKind>> = {
  attempt: {
    table: 'ledger_attempt',
    id: 'id',
    time: 'inserted_at',
    columns: {
      ...{ id: 'text', call: 'text', inserted_at: 'time', started_at: 'time', writer: 'text', provider: 'text' },
      ...{ operation: 'text', kek_id: 'text', kek_version: 'text', context: 'json', ...WHO, journalled: 'boolean' },
    },
  },
  end: {
    table: 'ledger_end',
    id: 'attempt',
    time: 'inserted_at',
    columns: {
      ...{ attempt: 'text', inserted_at: 'time', ended_at: 'time', outcome: 'text', kek_id: 'text' },
      ...{ kek_version: 'text', replies: 'json', error_code: 'text', latency_ms: 'double', journalled: 'boolean' },
    },
  },
  application: {
    table: 'application_event',
    id: 'id',
    time: 'inserted_at',
    columns: {
      ...{ id: 'text', inserted_at: 'time', occurred_at: 'time', writer: 'text', category: 'text', action: 'text' },
      ...{ outcome: 'text', reason: 'text', ...WHO, entity: 'text', row_key: 'text', envelope: 'text' },
      ...{ kek_provider: 'text', kek_id: 'text', kek_version: 'text', detail: 'json', journalled: 'boolean' },
    },
  },
  event: {
    table: 'audit_event',
    id: 'id',
    time: 'event_time',
    columns: {
      ...{ id: 'text', source: 'text', provider: 'text', scope: 'text', event_uid: 'text', uid_quality: 'text' },
      ...{ copy_group: 'text', supersedes_uid: 'text', event_time: 'time', event_time_raw: 'text' },
      ...{ received_at: 'time', mirrored_at: 'time', kind: 'text', operation: 'text', operation_class: 'text' },
      ...{ outcome: 'text', status: 'text', status_detail: 'text', request_id: 'text', call_token: 'text' },
      ...{ principal_type: 'text', principal: 'text', principal_name: 'text', credential_id: 'text', via: 'text' },
      ...{ source_ip: 'text', source_text: 'text', user_agent: 'text', kek_id: 'text', kek_version: 'text' },
      ...{ source_kek_id: 'text', requested_key: 'text', context: 'json', raw_sha256: 'bytes' },
      ...{ canonical_sha256: 'bytes', raw_reference: 'text', proof: 'text' },
    },
  },
  finding: {
    table: 'finding',
    id: 'id',
    time: 'opened_at',
    columns: {
      ...{ id: 'text', opened_at: 'time', kind: 'text', severity: 'text', provider: 'text', scope: 'text' },
      ...{ subject: 'text', occurred_at: 'time', event: 'text', attempt: 'text', kek_id: 'text' },
      ...{ principal: 'text', detail: 'json' },
    },
  },
  note: {
    table: 'finding_note',
    id: 'id',
    time: 'noted_at',
    columns: {
      ...{ id: 'text', finding: 'text', noted_at: 'time', action: 'text', reason: 'text', who: 'text', detail: 'json' },
    },
  },
  archive: {
    table: 'audit_archive',
    id: 'id',
    time: 'archived_at',
    columns: {
      ...{ id: 'text', table_name: 'text', month: 'date', rows: 'text', sha256: 'bytes', place: 'text' },
      archived_at: 'time',
    },
  },
  'key-access': {
    table: 'key_access',
    id: 'id',
    time: 'read_at',
    columns: {
      ...{ id: 'text', read_at: 'time', provider: 'text', kek_id: 'text', principals: 'json', limits: 'json' },
      unread: 'json',
    },
  },
  hold: {
    table: 'legal_hold',
    id: 'id',
    time: 'placed_at',
    columns: { id: 'text', holds_from: 'time', holds_to: 'time', reason: 'text', placed_by: 'text', placed_at: 'time' },
  },
  'hold-lifted': {
    table: 'legal_hold_lifted',
    id: 'hold',
    time: 'lifted_at',
    columns: { hold: 'text', reason: 'text', lifted_by: 'text', lifted_at: 'time' },
  },
  'control-failure': {
    table: 'control_failure',
    id: 'id',
    time: 'started_at',
    columns: { id: 'text', control: 'text', scope: 'text', started_at: 'time', cause: 'text', effect: 'text' },
  },
  'control-restored': {
    table: 'control_restored',
    id: 'failure',
    time: 'restored_at',
    columns: { failure: 'text', restored_at: 'time', remedy: 'text' },
  },
  superseded: {
    table: 'superseded_envelope',
    id: 'id',
    time: 'superseded_at',
    columns: { id: 'text', envelope: 'text', superseded_at: 'time', run: 'text' },
  },
  purge: {
    table: 'audit_purge',
    id: 'archive',
    time: 'purged_at',
    columns: { archive: 'text', purged_by: 'text', purged_at: 'time' },
  },
}

export function isLeafKind(name: unknown): name is LeafKindName {
  return typeof name === 'string' && Object.hasOwn(leafKinds, name)
}
