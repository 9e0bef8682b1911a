import type { EntityMetadata } from 'typeorm'
import { furtherColumns } from './legacy-row.js'
import type { ProtectedEntity } from './protected-entity.js'

type Refuse = (path: string, problem: string) => void

/** What an adopted field needs of the columns beside its own. */
export function validateAdoption({ columns }: EntityMetadata, protection: ProtectedEntity, refuse: Refuse): void {
  for (const { column, adoption } of protection.fields) {
    if (adoption?.placement !== 'side') continue
    // A statement would set the column twice.
    const other = columns.find(({ databaseName }) => databaseName === adoption.source)
    if (!other) continue
    refuse(column.propertyPath, `"source" is also the column of ${other.propertyPath}; leave that property out`)
  }
  for (const name of furtherColumns(protection)) {
    if (columns.some(({ databaseName }) => databaseName === name)) continue
    refuse(protection.metadata.propertyPath, `a reader looks at the column "${name}"; map it in the entity`)
  }
}
