import type { Queryable } from '../../../postgres/queryable.js'
import { appendOnlyTables, appendOnlyTriggers, REFUSE_CHANGE } from '../append-only.js'
import type { LogFinding } from './log-finding.js'

/** As they are on every table and on each of its partitions: always enabled, for every row and column, with our function. */
const TRIGGERS = `SELECT coalesce(tables.relid::regclass::text, named) AS table, wanted.name, c.oid IS NOT NULL AS exists,
    EXISTS (SELECT FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
      WHERE tgrelid = c.oid AND tgname = wanted.name AND tgtype = wanted.type AND tgenabled = 'A' AND tgqual IS NULL
        AND tgattr = ''::int2vector AND regexp_replace(prosrc, '\\s', '', 'g') = $4) AS holds
  FROM unnest($1::text[]) AS named
  CROSS JOIN LATERAL (
    SELECT to_regclass(named)::oid AS relid
    UNION SELECT relid::oid FROM pg_partition_tree(to_regclass(named))) AS tables
  CROSS JOIN unnest($2::text[], $3::int[]) AS wanted (name, type)
  LEFT JOIN pg_class c ON c.oid = tables.relid
  ORDER BY 1, 2`

/** Tables whose owner has taken a trigger away, or disabled it: from then on rows could be changed. */
export async function checkTriggers(client: Queryable): Promise<readonly LogFinding[]> {
  const { rows } = await client.query(TRIGGERS, [
    appendOnlyTables.map((table) => `waxseal.${table}`),
    Object.keys(appendOnlyTriggers),
    Object.values(appendOnlyTriggers),
    REFUSE_CHANGE,
  ])
  return rows
    .filter(({ holds }) => holds !== true)
    .map(({ table, name }) => ({
      kind: 'TRIGGER_MISSING',
      message: `${table}: trigger ${name} is missing, disabled or another one: rows can be changed; "waxseal schema install" makes it anew`,
      table: String(table).replace('waxseal.', ''),
    }))
}
