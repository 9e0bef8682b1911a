import { actorColumns, type LedgerRow } from '../ledger/ledger-row.js'
import { storable, storableJson } from '../storable.js'
import type { ApplicationEvent } from './application-event.js'

export function eventRow(event: ApplicationEvent, writer: string): LedgerRow {
  const { actor, kek } = event
  return {
    table: 'application_event',
    values: {
      id: event.id,
      occurred_at: event.occurredAt.toISOString(),
      writer,
      category: event.category,
      action: storable(event.action),
      outcome: event.outcome,
      reason: storable(event.reason),
      ...actorColumns(actor),
      entity: storable(event.entity),
      row_key: storable(event.row),
      envelope: storable(event.envelope),
      kek_provider: storable(kek?.provider),
      kek_id: storable(kek?.id),
      kek_version: storable(kek?.version),
      detail: storableJson(event.detail),
      journalled: false,
    },
  }
}
