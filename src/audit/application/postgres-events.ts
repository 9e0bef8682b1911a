import type { Queryable } from '../../postgres/queryable.js'
import type { ApplicationEvent } from './application-event.js'

type Column = readonly [name: string, type: string, of: (event: ApplicationEvent) => unknown]

const COLUMNS: readonly Column[] = [
  ['id', 'uuid', ({ id }) => id],
  ['occurred_at', 'timestamptz', ({ occurredAt }) => occurredAt.toISOString()],
  ['category', 'text', ({ category }) => category],
  ['action', 'text', ({ action }) => storable(action)],
  ['outcome', 'text', ({ outcome }) => outcome],
  ['reason', 'text', ({ reason }) => storable(reason)],
  ['actor', 'text', ({ actor }) => storable(actor?.actor)],
  ['tenant', 'text', ({ actor }) => storable(actor?.tenant)],
  ['purpose', 'text', ({ actor }) => storable(actor?.purpose)],
  ['ticket', 'text', ({ actor }) => storable(actor?.ticket)],
  ['request', 'text', ({ actor }) => storable(actor?.requestId)],
  ['ip', 'text', ({ actor }) => storable(actor?.ip)],
  ['entity', 'text', ({ entity }) => storable(entity)],
  ['row_key', 'text', ({ row }) => storable(row)],
  ['envelope', 'text', ({ envelope }) => storable(envelope)],
  ['kek_provider', 'text', ({ kek }) => storable(kek?.provider)],
  ['kek_id', 'text', ({ kek }) => storable(kek?.id)],
  ['kek_version', 'text', ({ kek }) => storable(kek?.version)],
  ['detail', 'jsonb', ({ detail }) => JSON.stringify(detail, (_, value) => storable(value))],
]
const NAMES = COLUMNS.map(([name]) => name).join(', ')
const ARRAYS = COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')

/** How far back a batch that is tried again looks for what of it was stored. */
const STORED_WITHIN = "interval '1 day'"

const NEW = `INSERT INTO waxseal.application_event (${NAMES}) SELECT ${NAMES} FROM unnest(${ARRAYS}) AS event (${NAMES})`
const AGAIN = `${NEW} WHERE NOT EXISTS (SELECT FROM waxseal.application_event stored
  WHERE stored.id = event.id AND stored.inserted_at > clock_timestamp() - ${STORED_WITHIN})`

/**
 * Stores a batch in one statement. `again`: it may have been stored already, when the connection was lost before the answer
 * came; no event is then stored twice.
 */
export async function storeEvents(
  client: Queryable,
  events: readonly ApplicationEvent[],
  again: boolean,
): Promise<void> {
  const values = COLUMNS.map(([, , of]) => events.map((event) => of(event) ?? null))
  // The partitions of the next months are made ahead, by whoever lives long enough to need them.
  if (again) await client.query("SELECT waxseal.ensure_audit_month((clock_timestamp() AT TIME ZONE 'UTC')::date)")
  await client.query(again ? AGAIN : NEW, values)
}

/** Postgres stores neither NUL nor half a character, and one such event would keep back all others of its batch. */
function storable(value: unknown): unknown {
  if (typeof value !== 'string') return value
  return value.replaceAll('\0', '\ufffd').toWellFormed()
}
