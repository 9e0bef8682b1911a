import type { Queryable } from '../../postgres/queryable.js'
import { alternativesOf, type Bind, SOURCES } from './conditions.js'
import type { Position } from './cursor.js'
import type { CheckedQuery, RecordKind } from './query.js'

export interface Found extends Position {
  readonly kind: RecordKind
}

export interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
}

/** Microseconds, in UTC, whatever the session's time zone. */
export const instant = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

/** Keys alone: the wide columns are read for the page that is shown, and for nothing that sorting throws away. */
export function findStatement(query: CheckedQuery, limit: number, after?: Position): Statement {
  const { text, values } = branches(query, limit, after)
  if (text === '') return { text: `SELECT NULL AS kind, NULL AS id, NULL AS time WHERE false`, values: [] }
  return {
    text: `SELECT kind, id, ${instant('time')} AS time FROM (${text}) found ORDER BY found.time DESC, id DESC LIMIT ${limit}`,
    values,
  }
}

export function countStatement(query: CheckedQuery, limit: number): Statement {
  const { text, values } = branches(query, limit)
  if (text === '') return { text: 'SELECT 0 AS count', values: [] }
  return { text: `SELECT count(*)::int AS count FROM (SELECT FROM (${text}) found LIMIT ${limit}) counted`, values }
}

export async function find(client: Queryable, statement: Statement): Promise<Found[]> {
  const { rows } = await client.query(statement.text, [...statement.values])
  return rows as unknown as Found[]
}

/** For each kind and alternative the newest, in the order of an index; UNION takes out what two alternatives found. */
function branches(query: CheckedQuery, limit: number, after?: Position): Statement {
  const values: unknown[] = []
  const bind: Bind = (value) => `$${values.push(value)}`
  const window = { from: bind(query.from), to: bind(query.to) }
  const position = after && { time: bind(after.time), id: bind(after.id) }
  const texts = query.kinds.flatMap((kind) => {
    const { table, time } = SOURCES[kind]
    const place = [`r.${time} >= ${window.from}::timestamptz`, `r.${time} < ${window.to}::timestamptz`]
    if (position) {
      // A comparison of rows prunes no partition: the time alone does.
      place.push(`r.${time} <= ${position.time}::timestamptz`)
      place.push(`(r.${time}, r.id) < (${position.time}::timestamptz, ${position.id}::uuid)`)
    }
    const bound = values.length
    const alternatives = alternativesOf(kind, query, bind)
    // A parameter that nothing refers to has no type.
    if (alternatives.length === 0) values.length = bound
    return alternatives.map(
      (conditions) => `(SELECT '${kind}' AS kind, r.id, r.${time} AS time FROM ${table} r
    WHERE ${[...place, ...conditions].join(' AND ')} ORDER BY r.${time} DESC, r.id DESC LIMIT ${limit})`,
    )
  })
  return texts.length === 0 ? { text: '', values: [] } : { text: texts.join('\n  UNION '), values }
}
