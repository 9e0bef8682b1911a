import type { LegacyRow } from '../postgres/field-adoption.js'
import type { ProtectedEntity } from './protected-entity.js'

/** The further columns that the readers of an entity look at, as Postgres prints them. */
export function legacyRowOf(protection: ProtectedEntity, entity: object): LegacyRow {
  const names = furtherColumns(protection)
  if (names.length === 0) return {}
  const { entityMetadata } = protection.metadata
  return Object.fromEntries(
    names.map((name) => {
      const column = entityMetadata.columns.find(({ databaseName }) => databaseName === name)
      return [name, printed(column?.getEntityValue(entity))]
    }),
  )
}

export function furtherColumns({ fields }: ProtectedEntity): readonly string[] {
  return fields.flatMap(({ adoption }) => adoption?.readers.flatMap(({ reader }) => reader.columns) ?? [])
}

function printed(value: unknown): string | null {
  if (value === null || value === undefined) return null
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
