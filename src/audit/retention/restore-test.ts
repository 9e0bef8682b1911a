import type { Queryable } from '../../postgres/queryable.js'
import { leafContentOf } from '../integrity/canonical-record.js'
import { type LeafKindName, leafKindNames, leafKinds } from '../integrity/leaf-kinds.js'
import { recordOf, selectRecord } from '../integrity/record-columns.js'

/** Rows of the table as JSON, as an archive holds them: whatever the session is set to. */
export const archivedRow = (alias: string) => `to_json(${alias})::text`

/**
 * Makes rows of a table out of lines of an archive, without storing them, and says what is wrong with a line. What it must come
 * to is known where the log has it: the digest of its leaf.
 */
export async function restoreProblems(client: Queryable, table: string, lines: readonly string[]): Promise<string[]> {
  const kind = leafKindNames.find((name) => leafKinds[name].table === table)
  const columns = kind ? selectRecord(kind, 'r') : 'NULL'
  const { rows } = await client.query(
    `SELECT ${columns}, ${archivedRow('r')} = line AS same
    FROM unnest($1::text[]) WITH ORDINALITY AS archived (line, n)
    CROSS JOIN LATERAL json_populate_record(NULL::waxseal.${table}, line::json) r ORDER BY n`,
    [lines],
  )
  const changed = rows.filter(({ same }) => same !== true).length
  return [
    ...(changed > 0 ? [`${changed} rows do not come back as they were`] : []),
    ...(kind ? await digestProblems(client, kind, rows) : []),
  ]
}

async function digestProblems(client: Queryable, kind: LeafKindName, rows: readonly Record<string, unknown>[]) {
  const contents = rows.flatMap((row) => leafContentOf(kind, recordOf(kind, row)) ?? [])
  const unnamed = rows.length - contents.length
  const { rows: found } = await client.query(
    `SELECT id, l.digest FROM unnest($2::uuid[], $3::text[]) WITH ORDINALITY AS sought (id, time, n)
    LEFT JOIN waxseal.log_leaf l ON l.record = id AND l.kind = $1 AND l.record_time = time::timestamptz ORDER BY n`,
    [kind, contents.map(({ id }) => id), contents.map(({ time }) => time)],
  )
  const wrong = found.flatMap(({ id, digest }, index) => {
    if (!(digest instanceof Uint8Array)) return [`${kind} ${id} has no leaf in the log`]
    return Buffer.from(contents[index]!.digest).equals(digest) ? [] : [`${kind} ${id} is not what the log says it was`]
  })
  return unnamed > 0 ? [`${unnamed} rows have no id or no time`, ...wrong] : wrong
}
