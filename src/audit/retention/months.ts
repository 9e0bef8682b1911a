import type { Queryable } from '../../postgres/queryable.js'

/** The tables of one month, for which records are kept and go together. */
export interface AuditMonth {
  /** Such as `2026-05`. */
  readonly name: string
  readonly from: Date
  /** Exclusive. */
  readonly to: Date
  readonly partitions: readonly Partition[]
}

export interface Partition {
  readonly table: string
  /** Unquoted, in the schema `waxseal`. */
  readonly partition: string
  /** The columns of its primary key. */
  readonly key: readonly string[]
}

/** The oldest first. As the catalogue has them: a partition that somebody made by hand with another name is not ours to drop. */
export async function listMonths(client: Queryable): Promise<AuditMonth[]> {
  const { rows } = await client.query(
    `SELECT parent.relname AS table, child.relname AS partition, right(child.relname, 6) AS month,
      ARRAY(SELECT k.attname::text FROM pg_index x CROSS JOIN unnest(x.indkey) WITH ORDINALITY AS part (number, n)
        JOIN pg_attribute k ON k.attrelid = x.indrelid AND k.attnum = part.number
        WHERE x.indrelid = parent.oid AND x.indisprimary ORDER BY n) AS key
    FROM pg_inherits i JOIN pg_class parent ON parent.oid = i.inhparent JOIN pg_class child ON child.oid = i.inhrelid
    WHERE parent.relnamespace = 'waxseal'::regnamespace AND child.relname ~ ('^' || parent.relname || '_\\d{6}$')
    ORDER BY month, parent.relname`,
  )
  const months = new Map<string, Partition[]>()
  for (const { month, ...partition } of rows as unknown as (Partition & { month: string })[]) {
    months.set(month, [...(months.get(month) ?? []), partition])
  }
  return [...months].map(([month, partitions]) => {
    const [year, number] = [Number(month.slice(0, 4)), Number(month.slice(4))]
    const [from, to] = [new Date(Date.UTC(year, number - 1)), new Date(Date.UTC(year, number))]
    return { name: `${month.slice(0, 4)}-${month.slice(4)}`, from, to, partitions }
  })
}
