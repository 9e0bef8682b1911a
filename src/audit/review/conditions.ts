import type { Place } from './find.js'
import type { CheckedQuery, RecordFilters, RecordKind } from './query.js'

/** Adds a value to a statement, and returns its parameter. */
export type Bind = (value: unknown) => string

interface Source {
  readonly table: string
  /** That it is partitioned and read by. */
  readonly time: string
  /** What the reconciliation concluded, one row of a record at most: an index leads to those of a state that is not `usual`. */
  readonly states?: { readonly table: string; readonly id: string; readonly time: string; readonly usual: string }
}

export const SOURCES: Readonly<Record<RecordKind, Source>> = {
  event: {
    ...{ table: 'waxseal.audit_event', time: 'event_time' },
    states: { table: 'waxseal.event_state', id: 'event', time: 'event_time', usual: 'accounted' },
  },
  attempt: {
    ...{ table: 'waxseal.ledger_attempt', time: 'inserted_at' },
    states: { table: 'waxseal.attempt_state', id: 'attempt', time: 'attempt_time', usual: 'matched' },
  },
  application: { table: 'waxseal.application_event', time: 'inserted_at' },
}

/** Conditions of which one must hold, each with an index of its own: an OR of them would have none. */
type Filter = (value: string, bind: Bind, place: Place) => readonly string[]
const NOTHING: Filter = () => []

const is =
  (column: string): Filter =>
  (value, bind) => [`r.${column} = ${bind(value)}`]
const pair = (name: string): Filter => is(`context ->> '${name}'`)

/** A `*` at the end leaves the rest open, for roles whose sessions have names. */
const actor =
  (column: string): Filter =>
  (value, bind, place) => {
    if (!value.endsWith('*')) return is(column)(value, bind, place)
    return [`r.${column} LIKE ${bind(`${value.slice(0, -1).replace(/[\\%_]/g, '\\$&')}%`)}`]
  }

/** Of an attempt, as its end tells. An end comes after its attempt, in the same month or in a later one. */
const ended = (condition: string) =>
  `EXISTS (SELECT FROM waxseal.ledger_end e WHERE e.attempt = r.id AND e.inserted_at >= r.inserted_at AND ${condition})`
/** Likewise, of which few do. As an array: where none failed so, a subquery has the planner look for the end of each attempt. */
const failed =
  (code: string): Filter =>
  (_, bind, place) => {
    const condition = `e.outcome = 'failed' AND e.error_code ${code}`
    if (!place.isByTime) return [ended(condition)]
    const since = place.since('e.inserted_at', bind)
    return [`r.id = ANY (ARRAY(SELECT e.attempt FROM waxseal.ledger_end e WHERE ${condition} AND ${since}))`]
  }
/** Of what is joined for it. */
const state: Filter = (value, bind) => [`s.state = ${bind(value)}`]
const attemptOutcomes: Readonly<Record<string, Filter>> = {
  success: () => [ended(`e.outcome = 'succeeded'`)],
  denied: failed(`= 'ERR_KMS_ACCESS_DENIED'`),
  error: failed(`IS DISTINCT FROM 'ERR_KMS_ACCESS_DENIED'`),
  unanswered: () => [`NOT ${ended('true')}`],
}

const FILTERS: Readonly<Record<RecordKind, Readonly<Record<keyof RecordFilters, Filter>>>> = {
  event: {
    actor: actor('principal'),
    key: (value, bind) => [`r.kek_id = ${bind(value)}`, `r.source_kek_id = ${bind(value)}`],
    tenant: (value, bind) => [`r.context @> ${bind(JSON.stringify({ tenant: value }))}::jsonb`],
    entity: pair('waxseal-entity'),
    row: pair('waxseal-row'),
    operation: (value, bind) => [`${bind(value)} IN (r.operation, r.operation_class)`],
    outcome: is('outcome'),
    state,
    provider: is('provider'),
    requestId: is('request_id'),
    category: NOTHING,
  },
  attempt: {
    actor: actor('actor'),
    // Where the provider chose the KEK, its end says which.
    key: (value, bind) => [`r.kek_id = ${bind(value)}`, `r.kek_id IS NULL AND ${ended(`e.kek_id = ${bind(value)}`)}`],
    tenant: is('tenant'),
    entity: pair('waxseal-entity'),
    row: pair('waxseal-row'),
    operation: is('operation'),
    outcome: (value, bind, place) => (attemptOutcomes[value] ?? NOTHING)(value, bind, place),
    state,
    provider: is('provider'),
    requestId: (value, bind) => [
      `r.request = ${bind(value)}`,
      `r.id IN (SELECT e.attempt FROM waxseal.ledger_end e
        WHERE e.replies @> ${bind(JSON.stringify([{ requestId: value }]))}::jsonb)`,
    ],
    category: NOTHING,
  },
  application: {
    actor: actor('actor'),
    key: is('kek_id'),
    tenant: is('tenant'),
    entity: is('entity'),
    row: is('row_key'),
    operation: is('action'),
    outcome: is('outcome'),
    state: NOTHING,
    provider: is('kek_provider'),
    requestId: is('request'),
    category: is('category'),
  },
}

/** Lists of conditions that all must hold; a record is found by any of the lists. No list: nothing of the kind can be. */
export function alternativesOf(
  kind: RecordKind,
  { filters }: CheckedQuery,
  place: Place,
  bind: Bind,
): readonly (readonly string[])[] {
  return filters.reduce<readonly (readonly string[])[]>(
    (lists, [name, value]) => {
      const choices = FILTERS[kind][name](value, bind, place)
      return lists.flatMap((list) => choices.map((choice) => [...list, choice]))
    },
    [[]],
  )
}
