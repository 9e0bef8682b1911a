import { type Bind, SOURCES } from './conditions.js'
import type { Place } from './find.js'
import type { CheckedQuery, RecordKind } from './query.js'

/** What a search walks in order: it ends with the page. */
export interface Origin {
  /** Records are `r`, and states, where one is asked for, `s`. */
  readonly from: string
  /** Columns of what is walked, which an index has in order. */
  readonly time: string
  readonly id: string
  readonly isOfRecords: boolean
}

/**
 * The records themselves, or where a state is asked for that few have, its index. The limits of one keep the planner to it:
 * it thinks that hardly any row of a plain join on id and time would agree in both, and collects all of them.
 */
export function originOf(kind: RecordKind, { filters }: CheckedQuery, place: Place, bind: Bind): Origin {
  const { table, time, states } = SOURCES[kind]
  const records: Origin = { from: `${table} r`, time: `r.${time}`, id: 'r.id', isOfRecords: true }
  const { state, requestId } = Object.fromEntries(filters)
  if (state === undefined || !states) return records
  // A request has few records, and of a state there may be many.
  if (state === states.usual || requestId !== undefined || !place.isByTime) {
    const itsState = `SELECT state FROM ${states.table}
      WHERE ${states.id} = r.id AND ${states.time} = r.${time} AND ${place.window(states.time, bind)} LIMIT 1`
    return { ...records, from: `${table} r CROSS JOIN LATERAL (${itsState}) s` }
  }
  const itsRecord = `SELECT * FROM ${table}
      WHERE id = s.${states.id} AND ${time} = s.${states.time} AND ${place.window(time, bind)} LIMIT 1`
  return {
    from: `${states.table} s CROSS JOIN LATERAL (${itsRecord}) r`,
    time: `s.${states.time}`,
    id: `s.${states.id}`,
    isOfRecords: false,
  }
}
