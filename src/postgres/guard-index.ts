import { doBlock } from './do-block.js'
import { type ProtectedTable, qualifiedName, quoteLiteral } from './protected-table.js'

/** An index that belongs to the guard. On expressions only, so that TypeORM's schema builder neither sees nor drops it. */
export interface GuardIndex {
  /** The oid of the table follows: a name that is free when a renamed table has kept the index of this one's name. */
  readonly prefix: string
  readonly unique: boolean
  /** What stands between the parentheses of its definition. */
  columns(table: ProtectedTable): string
  /**
   * A query for the valid indexes that serve, whoever made them: by what they are and not by name, since tables are renamed
   * and indexes are not. `oid` is an expression for the table's.
   */
  found(table: ProtectedTable, oid: string): string
}

export function createIndex(index: GuardIndex, table: ProtectedTable): string {
  const oid = oidOf(table)
  return doBlock(`BEGIN
  IF NOT EXISTS (${index.found(table, oid)}) THEN
    EXECUTE ${createStatement(index, table, '')};
  END IF;
END`)
}

/** An expression for the text of the statement. */
export function createStatement(index: GuardIndex, table: ProtectedTable, how: '' | ' CONCURRENTLY'): string {
  const [oid, columns] = [oidOf(table), quoteLiteral(index.columns(table))]
  const kind = index.unique ? 'UNIQUE INDEX' : 'INDEX'
  return `format('CREATE ${kind}${how} %I ON %s (%s)', '${index.prefix}' || ${oid}::oid, ${oid}, ${columns})`
}

/** Ours only: one that somebody else made on the same expressions stays. */
export function dropIndex(index: GuardIndex, table: ProtectedTable): string {
  return doBlock(`DECLARE index regclass; BEGIN
  FOR index IN SELECT found.indexrelid FROM (${index.found(table, oidOf(table))}) found
    JOIN pg_catalog.pg_class ON oid = found.indexrelid WHERE relname ^@ '${index.prefix}'
  LOOP
    EXECUTE format('DROP INDEX %s', index);
  END LOOP;
END`)
}

export function oidOf(table: ProtectedTable): string {
  return `${quoteLiteral(qualifiedName(table))}::regclass`
}
