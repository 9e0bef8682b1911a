import type { CallEnd, CallStart } from '../../kms/call-ledger.js'
import type { Actor } from '../actor/actor.js'
import { storable, storableJson } from '../storable.js'

type Value = string | number | boolean | null

/** A row by its columns, as it is sent to Postgres or kept in a journal. */
export interface LedgerRow {
  readonly table: LedgerTable
  readonly values: Readonly<Record<string, Value>>
}

export type LedgerTable = 'ledger_attempt' | 'ledger_end' | 'application_event'

/** What is sent of each table, and its type. The column by which a row is found again comes first. */
export const COLUMNS: Readonly<Record<LedgerTable, Readonly<Record<string, string>>>> = {
  ledger_attempt: {
    ...{ id: 'uuid', call: 'text', started_at: 'timestamptz', writer: 'uuid', provider: 'text', operation: 'text' },
    ...{ kek_id: 'text', kek_version: 'text', context: 'jsonb' },
    ...{ actor: 'text', tenant: 'text', purpose: 'text', ticket: 'text', request: 'text', ip: 'text' },
    journalled: 'boolean',
  },
  ledger_end: {
    ...{ attempt: 'uuid', ended_at: 'timestamptz', outcome: 'text', kek_id: 'text', kek_version: 'text' },
    ...{ replies: 'jsonb', error_code: 'text', latency_ms: 'float8', journalled: 'boolean' },
  },
  application_event: {
    ...{ id: 'uuid', occurred_at: 'timestamptz', writer: 'uuid', category: 'text', action: 'text', outcome: 'text' },
    ...{ reason: 'text', actor: 'text', tenant: 'text', purpose: 'text', ticket: 'text', request: 'text', ip: 'text' },
    ...{ entity: 'text', row_key: 'text', envelope: 'text' },
    ...{ kek_provider: 'text', kek_id: 'text', kek_version: 'text', detail: 'jsonb', journalled: 'boolean' },
  },
}

export function attemptRow(call: CallStart, writer: string, actor: Actor | undefined): LedgerRow {
  return {
    table: 'ledger_attempt',
    values: {
      id: call.callToken,
      call: storable(call.call),
      started_at: call.startedAt.toISOString(),
      writer,
      provider: storable(call.provider),
      operation: call.operation,
      kek_id: storable(call.kek?.id),
      kek_version: storable(call.kek?.version),
      context: storableJson(call.context),
      ...actorColumns(actor),
      journalled: false,
    },
  }
}

export function actorColumns(actor: Actor | undefined) {
  return {
    actor: storable(actor?.actor),
    tenant: storable(actor?.tenant),
    purpose: storable(actor?.purpose),
    ticket: storable(actor?.ticket),
    request: storable(actor?.requestId),
    ip: storable(actor?.ip),
  }
}

export function endRow(attempt: string, end: CallEnd, endedAt: number): LedgerRow {
  return {
    table: 'ledger_end',
    values: {
      attempt,
      ended_at: new Date(endedAt).toISOString(),
      outcome: end.outcome,
      kek_id: storable(end.kek?.id),
      kek_version: storable(end.kek?.version),
      replies: storableJson(end.replies),
      error_code: end.errorCode ?? null,
      latency_ms: end.latencyMs,
      journalled: false,
    },
  }
}
