import type { DataSource, EntityMetadata } from 'typeorm'
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js'
import { quoteIdentifier, quoteLiteral } from '../postgres/protected-table.js'
import { FieldTransformer, fieldDeclarationOf } from './field-transformer.js'
import type { Mode } from './mode.js'
import { type ProtectedField, protectedEntityOf } from './protected-entity.js'
import { SOURCE_TAG } from './source-tag.js'
import { SourceTransformer } from './source-transformer.js'

/**
 * Gives TypeORM the columns beside which fields are adopted. Each is a second column of the field's property: TypeORM then
 * writes both by one statement, `null` included. Where `mode` reads rows without an envelope, both are selected by one
 * expression, under whichever name the property is asked for.
 */
export function addSourceColumns(dataSource: DataSource, mode: Mode): void {
  for (const metadata of dataSource.entityMetadatas) {
    const fields = protectedEntityOf(metadata)?.fields.filter(({ adoption }) => adoption?.placement === 'side') ?? []
    if (fields.length === 0 || mode.ignoresSources) continue
    const sources = new Map(fields.map((field) => [field.column, sourceColumn(field, mode)]))
    for (const [column, source] of sources) {
      // Of two columns with one path, TypeORM names the last in conditions: the one that is asked whether it is null.
      metadata.columns.splice(metadata.columns.indexOf(column) + (mode.readsPlaintext ? 1 : 0), 0, source)
    }
    writeTogether(metadata, sources)
  }
  hideFromSchemaBuilder(dataSource)
}

function sourceColumn({ column, adoption }: ProtectedField, mode: Mode): ColumnMetadata {
  const source: ColumnMetadata = Object.assign(Object.create(Object.getPrototypeOf(column)), column)
  const name = adoption?.source ?? column.databaseName
  const declaration = fieldDeclarationOf(column.transformer)
  Object.assign(source, {
    databaseName: name,
    databasePath: name,
    databaseNameWithoutPrefixes: name,
    givenDatabaseName: name,
    transformer: new SourceTransformer(
      new FieldTransformer(
        `${column.entityMetadata.name}.${column.propertyPath}`,
        declaration ?? { kind: 'text', lazy: false },
      ),
    ),
    // Not a column of the schema: TypeORM knows neither its type nor its constraints.
    isVirtualProperty: true,
    query: (alias: string) => {
      const own = `${alias}.${quoteIdentifier(column.databaseName)}`
      const tagged = `${quoteLiteral(SOURCE_TAG)} || ${alias}.${quoteIdentifier(name)}::text`
      return mode.readsPlaintext ? `COALESCE(${own}, ${tagged})` : own
    },
  })
  const unselected = mode.readsPlaintext ? column : source
  unselected.isSelect = false
  return source
}

/** TypeORM looks for the columns of a path that is to be written, and would take the first. */
function writeTogether(metadata: EntityMetadata, sources: ReadonlyMap<ColumnMetadata, ColumnMetadata>): void {
  const { findColumnWithPropertyPath, findColumnsWithPropertyPath } = metadata
  const own = new Map([...sources].map(([column, source]) => [source, column]))
  const ownOf = (column: ColumnMetadata) => own.get(column) ?? column
  metadata.findColumnWithPropertyPath = (path) => {
    const column = findColumnWithPropertyPath.call(metadata, path)
    return column && ownOf(column)
  }
  metadata.findColumnsWithPropertyPath = (path) =>
    findColumnsWithPropertyPath.call(metadata, path).flatMap((found) => {
      const column = ownOf(found)
      const source = sources.get(column)
      return source ? [column, source] : [column]
    })
}

interface SchemaBuilder {
  readonly queryRunner: { readonly loadedTables: { columns: { readonly name: string }[]; readonly name: string }[] }
  executeSchemaSyncOperationsInProperOrder(): Promise<void>
}

/** It would drop a column of which it knows nothing, or alter it to what it takes it for. */
function hideFromSchemaBuilder(dataSource: DataSource): void {
  const { driver } = dataSource
  const { createSchemaBuilder } = driver
  driver.createSchemaBuilder = () => {
    const builder = createSchemaBuilder.call(driver)
    const internals = builder as unknown as SchemaBuilder
    const { executeSchemaSyncOperationsInProperOrder } = internals
    internals.executeSchemaSyncOperationsInProperOrder = async () => {
      for (const table of internals.queryRunner.loadedTables) {
        const names = sourcesOf(dataSource, table.name)
        table.columns = table.columns.filter(({ name }) => !names.has(name))
      }
      await executeSchemaSyncOperationsInProperOrder.call(builder)
    }
    return builder
  }
}

/** `table`: as TypeORM names it, with or without its schema. */
function sourcesOf(dataSource: DataSource, table: string): ReadonlySet<string> {
  const metadatas = dataSource.entityMetadatas.filter(
    ({ tablePath, tableName }) => tablePath === table || table.endsWith(`.${tableName}`) || tableName === table,
  )
  const fields = metadatas.flatMap((metadata) => protectedEntityOf(metadata)?.fields ?? [])
  return new Set(fields.flatMap(({ adoption }) => (adoption?.placement === 'side' ? [adoption.source] : [])))
}
