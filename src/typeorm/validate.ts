import type { DataSource, EntityMetadata } from 'typeorm'
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js'
import { ConfigurationError } from '../errors.js'
import { refuseHiddenDeclarations } from './hidden-declarations.js'
import { type ProtectedEntity, protectedEntityOf } from './protected-entity.js'
import { protectedTablesOf } from './protected-tables.js'
import { validateAdoption } from './validate-adoption.js'

/** Refuses, before anything is synchronised or written, every entity that could not be protected as declared. */
export function validateEntities(dataSource: DataSource): void {
  refuseHiddenDeclarations(dataSource)
  const tables = new Map<string, string>()
  for (const metadata of dataSource.entityMetadatas) {
    const protection = protectedEntityOf(metadata)
    if (!protection) continue
    validate(metadata, protection)
    // A view shows rows of a table, which are bound to that table's logical name.
    if (metadata.tableType === 'view') continue
    const other = tables.get(protection.entity) ?? metadata.tablePath
    if (other !== metadata.tablePath) {
      throw new ConfigurationError(
        `the logical name "${protection.entity}" is declared for the tables ${other} and ${metadata.tablePath}; give each its own`,
      )
    }
    tables.set(protection.entity, metadata.tablePath)
  }
  // What the classes of a table declare together, for the guard and the jobs, must agree as well.
  protectedTablesOf(dataSource)
}

function validate(metadata: EntityMetadata, protection: ProtectedEntity): void {
  const refuse = (path: string, problem: string) => {
    throw new ConfigurationError(`${metadata.name}.${path}: ${problem}`)
  }
  validateAdoption(metadata, protection, refuse)
  const { metadata: envelope, fields, row, context } = protection
  if (!envelope.isSelect) refuse(envelope.propertyPath, 'the metadata column must be selected with the entity')
  if (envelope.isNullable || envelope.type !== 'jsonb')
    refuse(envelope.propertyPath, 'the metadata column must be jsonb NOT NULL')
  const ids = new Map<string, ColumnMetadata>()
  for (const { id, column } of fields) {
    const path = column.propertyPath
    if (column.isArray || column.isGenerated || column.asExpression) {
      refuse(path, 'an array or a generated column cannot be encrypted')
    }
    if (column.default !== undefined && column.default !== null) {
      refuse(path, 'an encrypted column cannot have a default: the database would store it in plaintext')
    }
    if (column.length)
      refuse(path, 'an encrypted column cannot have a length: a ciphertext is longer than its plaintext')
    if (column.type !== 'text' && column.type !== 'bytea') refuse(path, 'an encrypted column is of type text or bytea')
    // Classes of a single table may share a column, and with it the id.
    const other = ids.get(id) ?? column
    if (other.databaseName !== column.databaseName) {
      refuse(path, `the logical id "${id}" is also that of ${other.propertyPath}; set id: on one of them`)
    }
    ids.set(id, column)
  }
  const encrypted = new Set(fields.map(({ column }) => column))
  for (const { columns, name } of [...metadata.indices, ...metadata.uniques]) {
    const column = columns.find((each) => encrypted.has(each))
    if (column)
      refuse(column.propertyPath, `an encrypted column cannot be in an index (${name}): equal plaintexts differ`)
  }
  for (const { propertyPath, isInsert, isUpdate, transformer } of [envelope, ...encrypted]) {
    // A new data key is written with every field that it encrypts, or the row is lost.
    if (!isInsert || !isUpdate) refuse(propertyPath, 'the column must be written by inserts and updates')
    // Another one would be given what only ours may see, or hand us what it made of it.
    if (Array.isArray(transformer)) refuse(propertyPath, 'the column can have no other transformer')
  }
  for (const { column } of [...row, ...context]) {
    if (!column.isInsert) refuse(column.propertyPath, 'an envelope is bound to it, so inserts must write it')
  }
  for (const { column } of row) {
    if (column.isGenerated && column.generationStrategy !== 'uuid') {
      refuse(
        column.propertyPath,
        `the database generates this key (${column.generationStrategy}), so an envelope cannot be bound to it before the insert; ` +
          'use a uuid key, or set bindRow: false and declare a context',
      )
    }
  }
  for (const { column } of context) {
    if (column.isVersion) refuse(column.propertyPath, 'every update changes it, so no envelope can be bound to it')
    if (column.isGenerated && !row.some((key) => key.column === column)) {
      refuse(
        column.propertyPath,
        'the database generates this value, so an envelope cannot be bound to it before the insert',
      )
    }
  }
}
