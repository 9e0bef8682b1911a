import type { EntityMetadata } from 'typeorm'
import { ConfigurationError } from '../errors.js'
import type { LegacyRow } from '../postgres/field-adoption.js'
import type { ProtectedEntity } from './protected-entity.js'

/** The further columns that the readers of an entity look at, as Postgres prints them. */
export function legacyRowOf(protection: ProtectedEntity, entity: object): LegacyRow {
  const names = furtherColumns(protection)
  if (names.length === 0) return {}
  const { entityMetadata } = protection.metadata
  return Object.fromEntries(names.map((name) => [name, printed(columnOf(entityMetadata, name).getEntityValue(entity))]))
}

export function furtherColumns({ fields }: ProtectedEntity): readonly string[] {
  return fields.flatMap(({ adoption }) => adoption?.readers.flatMap(({ reader }) => reader.columns) ?? [])
}

function columnOf(metadata: EntityMetadata, name: string) {
  const column = metadata.columns.find(({ databaseName }) => databaseName === name)
  if (column) return column
  throw new ConfigurationError(`${metadata.name}: a reader looks at the column "${name}"; map it in the entity`)
}

function printed(value: unknown): string | null {
  if (value === null || value === undefined) return null
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
