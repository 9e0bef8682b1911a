import type { Queryable } from '../../../postgres/queryable.js'
import { digestOf, leafOf } from '../canonical-record.js'
import { type LeafKindName, leafKinds } from '../leaf-kinds.js'
import { recordOf, selectRecord } from '../record-columns.js'
import type { LogFinding } from './log-finding.js'
import type { StoredLeaf } from './read-leaves.js'

/** Months of tables whose rows were archived and then taken out, as `<table>/<yyyy-mm>`. */
export async function readPurged(client: Queryable): Promise<ReadonlySet<string>> {
  const { rows } = await client.query(
    `SELECT table_name || '/' || to_char(month, 'YYYY-MM') AS month FROM waxseal.audit_purge
      JOIN waxseal.audit_archive ON audit_archive.id = archive`,
  )
  return new Set(rows.map(({ month }) => month as string))
}

/** Whether each leaf is what it says, and its row what the leaf says. */
export async function checkRecords(
  client: Queryable,
  leaves: readonly StoredLeaf[],
  purged: ReadonlySet<string>,
): Promise<readonly LogFinding[]> {
  const findings = leaves.filter((leaf) => !leafOf(leaf).equals(leaf.hash)).map(leafChanged)
  for (const kind of new Set(leaves.map((leaf) => leaf.kind))) {
    const ofKind = leaves.filter((leaf) => leaf.kind === kind)
    const stored = await readStored(client, kind, ofKind)
    for (const leaf of ofKind) {
      const row = stored.get(leaf.position)
      const month = `${leafKinds[kind].table}/${leaf.time.slice(0, 7)}`
      if (!row) {
        if (!purged.has(month)) findings.push(about(leaf, 'RECORD_MISSING', 'is gone, and no purge was written down'))
        continue
      }
      if (!digestOf(recordOf(kind, row)).equals(leaf.digest)) {
        findings.push(about(leaf, 'RECORD_CHANGED', 'is not as it was when it was appended'))
      }
      if (row.is_raw === false) {
        findings.push(about(leaf, 'RAW_CHANGED', 'has another raw text than the one whose SHA-256 it holds'))
      }
    }
  }
  return findings
}

/** By position. Key and time together name one row, in one partition. */
async function readStored(client: Queryable, kind: LeafKindName, leaves: readonly StoredLeaf[]) {
  const { table, id, time } = leafKinds[kind]
  const raw = kind === 'event' ? `, sha256(convert_to(stored.raw, 'UTF8')) = stored.raw_sha256 AS is_raw` : ''
  const { rows } = await client.query(
    `SELECT leaf_position, ${selectRecord(kind, 'stored')}${raw}
       FROM unnest($1::bigint[], $2::uuid[], $3::timestamptz[]) AS leaf (leaf_position, leaf_id, leaf_time)
       JOIN waxseal.${table} AS stored ON stored.${id} = leaf_id AND stored.${time} = leaf_time`,
    [leaves.map(({ position }) => position), leaves.map((leaf) => leaf.id), leaves.map((leaf) => leaf.time)],
  )
  return new Map(rows.map((row) => [Number(row.leaf_position), row]))
}

function leafChanged(leaf: StoredLeaf): LogFinding {
  const { position } = leaf
  return { kind: 'LEAF_CHANGED', message: `leaf ${position}: its hash is not that of its content`, position }
}

function about(leaf: StoredLeaf, kind: LogFinding['kind'], what: string): LogFinding {
  const { position, id, time } = leaf
  const { table } = leafKinds[leaf.kind]
  return {
    kind,
    message: `waxseal.${table} ${id} of ${time} (leaf ${position}) ${what}`,
    position,
    record: { kind: leaf.kind, id, time },
    table,
  }
}
