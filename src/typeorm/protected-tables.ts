import type { DataSource, EntityMetadata, EntityTarget, ObjectLiteral, QueryRunner } from 'typeorm'
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js'
import { ConfigurationError } from '../errors.js'
import type { FieldColumn, ProtectedTable } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { boundTypeOf, type ProtectedEntity, protectedEntityOf } from './protected-entity.js'

/** Every table of a DataSource with encrypted columns, for the jobs and checks that know nothing of TypeORM. */
export function protectedTablesOf(dataSource: DataSource): ProtectedTable[] {
  return dataSource.entityMetadatas
    .filter(({ tableType }) => tableType !== 'entity-child' && tableType !== 'view')
    .filter((metadata) => protectedFamily(metadata).length > 0)
    .map((metadata) => protectedTableFrom(metadata, dataSource))
}

/** The table of one entity. With single-table inheritance the fields of all its classes, by the root's logical name. */
export function protectedTableOf(dataSource: DataSource, target: EntityTarget<ObjectLiteral>): ProtectedTable {
  const metadata = rootOf(dataSource.getMetadata(target))
  if (protectedFamily(metadata).length === 0) {
    throw new ConfigurationError(`${metadata.name}: the entity has no @Encrypted columns`)
  }
  return protectedTableFrom(metadata, dataSource)
}

/** A query runner as the jobs of `waxseal/postgres` want it. */
export function queryableOf(runner: Pick<QueryRunner, 'query'>): Queryable {
  return {
    async query(text, values) {
      const { records } = await runner.query(text, values, true)
      return { rows: records ?? [] }
    },
  }
}

function rootOf(metadata: EntityMetadata): EntityMetadata {
  return metadata.tableType === 'entity-child' ? rootOf(metadata.parentEntityMetadata) : metadata
}

function protectedFamily(root: EntityMetadata): ProtectedEntity[] {
  return [root, ...root.childEntityMetadatas].flatMap((metadata) => protectedEntityOf(metadata) ?? [])
}

/**
 * The schema of a table: the entity's, else the DataSource's, else the first of the connection's search path, which TypeORM
 * asks for when it connects. `public` before that.
 */
export function schemaOf(metadata: EntityMetadata, dataSource: DataSource): string {
  return metadata.schema ?? (dataSource.driver as PostgresDriver).schema ?? 'public'
}

function protectedTableFrom(root: EntityMetadata, dataSource: DataSource): ProtectedTable {
  const family = protectedFamily(root)
  const [first] = family as [ProtectedEntity, ...ProtectedEntity[]]
  const fields = new Map<string, FieldColumn>()
  for (const { id, kind, column, adoption } of family.flatMap((protection) => protection.fields)) {
    const type = column.type as 'text' | 'bytea'
    const field = { id, kind, column: column.databaseName, type, ...(adoption && { adoption }) }
    const other = fields.get(field.column)
    if (other && (other.id !== id || other.kind !== kind)) {
      throw new ConfigurationError(`${root.name}: the column "${field.column}" is declared with two ids or kinds`)
    }
    fields.set(field.column, field)
  }
  const bound = ({ column, type }: ProtectedEntity['row'][number]) => ({ column: column.databaseName, type })
  return {
    entity: first.entity,
    schema: schemaOf(root, dataSource),
    table: root.tableName,
    primaryKey: root.primaryColumns.map((column) => {
      const type = boundTypeOf(column)
      if (type) return { column: column.databaseName, type }
      throw new ConfigurationError(
        `${root.name}: a primary key must be of type uuid, integer or text, so that its rows can be found again`,
      )
    }),
    row: first.row.map(bound),
    metadata: first.metadata.databaseName,
    fields: [...fields.values()],
    context: first.context.map((pair) => ({ name: pair.name, ...bound(pair) })),
  }
}
