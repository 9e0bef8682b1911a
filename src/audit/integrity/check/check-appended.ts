import type { Queryable } from '../../../postgres/queryable.js'
import { type LeafKindName, leafKindNames, leafKinds } from '../leaf-kinds.js'
import { timeText } from '../record-columns.js'
import { readHorizon } from '../unappended.js'
import type { LogFinding } from './log-finding.js'

const SHOWN = 100

/**
 * Rows of transactions that were appended, without a leaf: whoever inserts may write an old number of a transaction into a row, so
 * that no appender comes by it.
 */
export async function checkAppended(client: Queryable): Promise<readonly LogFinding[]> {
  const { cluster } = await readHorizon(client)
  const { rows: frontiers } = await client.query(
    'SELECT kind, written_in::text AS below FROM waxseal.log_frontier WHERE cluster = $1',
    [cluster],
  )
  const findings: LogFinding[] = []
  for (const kind of leafKindNames) {
    const frontier = frontiers.find((row) => row.kind === kind)
    if (!frontier) continue
    const { rows } = await client.query(
      `${select(kind, `${leafKinds[kind].id} AS id, ${timeText(leafKinds[kind].time)} AS time`)}
        AND written_in < $2::xid8 LIMIT $3`,
      [kind, frontier.below, SHOWN],
    )
    findings.push(...rows.map((row) => withoutLeaf(kind, row as { id: string; time: string })))
  }
  return findings
}

/** How many rows have no leaf yet: those of the last minutes, where `waxseal audit checkpoint` runs often. */
export async function countWaiting(client: Queryable): Promise<number> {
  let waiting = 0
  for (const kind of leafKindNames) {
    const { rows } = await client.query(
      `${select(kind, 'count(*) AS waiting')} AND written_in >= coalesce(
        (SELECT written_in FROM waxseal.log_frontier WHERE log_frontier.kind = $1), '0')`,
      [kind],
    )
    waiting += Number(rows[0]!.waiting)
  }
  return waiting
}

function select(kind: LeafKindName, list: string): string {
  const { table, id, time } = leafKinds[kind]
  return `SELECT ${list} FROM waxseal.${table} AS stored WHERE NOT EXISTS (
    SELECT FROM waxseal.log_leaf WHERE record = stored.${id} AND log_leaf.kind = $1 AND record_time = stored.${time})`
}

function withoutLeaf(kind: LeafKindName, { id, time }: { readonly id: string; readonly time: string }): LogFinding {
  const { table } = leafKinds[kind]
  return {
    kind: 'RECORD_WITHOUT_LEAF',
    message: `waxseal.${table} ${id} of ${time} has no leaf, and claims a transaction that was appended already`,
    record: { kind, id, time },
    table,
  }
}
