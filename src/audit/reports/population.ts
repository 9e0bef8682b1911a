import type { Queryable } from '../../postgres/queryable.js'
import type { Period } from './period.js'

/** How many records of a period these tables hold, each by the column of its time: what a list that is empty was looked for in. */
export async function recordsOf(
  client: Queryable,
  { from, to }: Period,
  times: Readonly<Record<string, string>>,
): Promise<number> {
  const counts = Object.entries(times).map(
    ([table, time]) => `(SELECT count(*) FROM waxseal.${table} WHERE ${time} >= $1 AND ${time} < $2)`,
  )
  const { rows } = await client.query(`SELECT (${counts.join(' + ')})::float8 AS records`, [from, to])
  return rows[0]?.['records'] as number
}
