import type { Queryable } from '../../postgres/queryable.js'
import { instant } from '../instant.js'
import { alternativesOf, type Bind } from './conditions.js'
import type { Position } from './cursor.js'
import { type Origin, originOf } from './origin.js'
import type { CheckedQuery, RecordKind } from './query.js'

export interface Found extends Position {
  readonly kind: RecordKind
}

export interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
}

/** Keys alone: the wide columns are read for the page that is shown, and for nothing that sorting throws away. */
export function findStatement(query: CheckedQuery, limit: number, after?: Position): Statement {
  const { text, values } = unionOf(
    query,
    inWindow(query, after),
    ({ time, id }) => `ORDER BY ${time} DESC, ${id} DESC LIMIT ${limit}`,
  )
  return {
    text: `SELECT kind, id, ${instant('time')} AS time FROM (${text}) found ORDER BY found.time DESC, id DESC LIMIT ${limit}`,
    values,
  }
}

/** One more than `most`, where there are more. */
export function countStatement(query: CheckedQuery, most: number): Statement {
  const limit = most + 1
  const { text, values } = unionOf(query, inWindow(query), () => `LIMIT ${limit}`)
  return { text: `SELECT count(*)::float8 AS count FROM (SELECT FROM (${text}) found LIMIT ${limit}) counted`, values }
}

export async function find(client: Queryable, { text, values }: Statement): Promise<Found[]> {
  const { rows } = await client.query(text, [...values])
  return rows as unknown as Found[]
}

/** Where to look for records. */
export interface Place {
  /** Records in the order of their times; otherwise in that of storing. */
  readonly isByTime: boolean
  /** Of a column of time of what comes after its record: which months. */
  since(column: string, bind: Bind): string
  /** Likewise, of a record itself and of what has its time. */
  window(column: string, bind: Bind): string
  behind(origin: Origin, bind: Bind): string
}

function inWindow({ from, to }: CheckedQuery, after?: Position): Place {
  const since = (column: string, bind: Bind) => `${column} >= ${bind(from)}::timestamptz`
  const window = (column: string, bind: Bind) => `${since(column, bind)} AND ${column} < ${bind(to)}::timestamptz`
  if (!after) return { isByTime: true, since, window, behind: () => 'true' }
  return {
    isByTime: true,
    since,
    // A comparison of rows prunes no partition: the time alone does.
    window: (column, bind) => `${window(column, bind)} AND ${column} <= ${bind(after.time)}::timestamptz`,
    behind: ({ time, id }, bind) => `(${time}, ${id}) < (${bind(after.time)}::timestamptz, ${bind(after.id)}::uuid)`,
  }
}

/** For each kind and alternative as many as are asked for; UNION takes out what two alternatives found. */
export function unionOf(query: CheckedQuery, place: Place, order: (origin: Origin) => string): Statement {
  const values: unknown[] = []
  const bind: Bind = (value) => `$${values.push(value)}`
  const texts = query.kinds.flatMap((kind) => {
    const bound = values.length
    const alternatives = alternativesOf(kind, query, place, bind).map(
      (conditions) => conditions.join(' AND ') || 'true',
    )
    if (alternatives.length === 0) {
      // A parameter that nothing refers to has no type.
      values.length = bound
      return []
    }
    const origin = originOf(kind, query, place, bind)
    const where = `${place.window(origin.time, bind)} AND ${place.behind(origin, bind)}`
    // Where it is not asked for, an index has all that is.
    const written = place.isByTime ? '' : ', r.written_in'
    const found = `SELECT '${kind}' AS kind, ${origin.id} AS id, ${origin.time} AS time${written} FROM ${origin.from}`
    // Where states are walked, no alternative has an index of its own: one walk finds any of them.
    const walks = origin.isOfRecords ? alternatives : [alternatives.map((each) => `(${each})`).join(' OR ')]
    return walks.map((conditions) => `(${found}\n    WHERE ${where} AND (${conditions}) ${order(origin)})`)
  })
  const none = 'SELECT NULL AS kind, NULL::uuid AS id, NULL::timestamptz AS time, NULL::xid8 AS written_in WHERE false'
  return { text: texts.length === 0 ? none : texts.join('\n  UNION '), values }
}
