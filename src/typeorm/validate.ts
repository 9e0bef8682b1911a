import type { DataSource, EntityMetadata } from 'typeorm'
import { ConfigurationError } from '../errors.js'
import { type ProtectedEntity, protectedEntityOf } from './protected-entity.js'

/** Refuses, before anything is synchronised or written, every entity that could not be protected as declared. */
export function validateEntities(dataSource: DataSource): void {
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
}

function validate(metadata: EntityMetadata, protection: ProtectedEntity): void {
  const refuse = (path: string, problem: string) => {
    throw new ConfigurationError(`${metadata.name}.${path}: ${problem}`)
  }
  const { metadata: envelope, fields, row } = protection
  if (!envelope.isSelect) refuse(envelope.propertyPath, 'the metadata column must be selected with the entity')
  if (envelope.isNullable || envelope.type !== 'jsonb')
    refuse(envelope.propertyPath, 'the metadata column must be jsonb NOT NULL')
  const ids = new Map<string, string>()
  for (const { id, column } of fields) {
    const path = column.propertyPath
    if (column.isPrimary) refuse(path, 'a primary key cannot be encrypted')
    if (column.isArray || column.isGenerated) refuse(path, 'an array or a generated column cannot be encrypted')
    if (column.default !== undefined && column.default !== null) {
      refuse(path, 'an encrypted column cannot have a default: the database would store it in plaintext')
    }
    if (column.length)
      refuse(path, 'an encrypted column cannot have a length: a ciphertext is longer than its plaintext')
    if (column.type !== 'text' && column.type !== 'bytea') refuse(path, 'an encrypted column is of type text or bytea')
    if (ids.has(id)) refuse(path, `the logical id "${id}" is also that of ${ids.get(id)}; set id: on one of them`)
    ids.set(id, path)
  }
  const encrypted = new Set(fields.map(({ column }) => column))
  for (const { columns, name } of [...metadata.indices, ...metadata.uniques]) {
    const column = columns.find((each) => encrypted.has(each))
    if (column)
      refuse(column.propertyPath, `an encrypted column cannot be in an index (${name}): equal plaintexts differ`)
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
}
