import type { Queryable } from '../../../postgres/queryable.js'

type Row = Record<string, unknown>

const ROWS = 1_000
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000'

/**
 * All rows of a statement, page by page. Its parameters are the time and the id behind which a page begins, how many rows it
 * has, then `values`. Each row has the time as text (`at`): a `Date` would lose the microseconds.
 */
export async function* pagesOf(
  client: Queryable,
  statement: string,
  from: Date,
  values: readonly unknown[],
): AsyncIterable<Row> {
  let behind = [from.toISOString(), BEFORE_ALL]
  for (;;) {
    const { rows } = await client.query(statement, [...behind, ROWS, ...values])
    yield* rows
    const last = rows.at(-1)
    if (!last || rows.length < ROWS) return
    behind = [String(last.at), String(last.id)]
  }
}

/** Members that are null are left out. */
export function present<T>(row: Row): T {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as T
}

/** Milliseconds since the epoch, with the microseconds behind the point. */
export const milliseconds = (column: string) => `(extract(epoch FROM ${column}) * 1000)::double precision`
