import { PlaintextRefusedError } from '../errors.js'
import type { ProtectedEntity } from './protected-entity.js'

/**
 * `update()` and update query builders change rows that nobody has loaded, so their data keys are unknown. Setting a
 * field to null needs none.
 */
export function refuseUnknownRows(protection: ProtectedEntity, values: object): void {
  const set = protection.fields.filter(({ column }) => {
    // A flat path to an embedded field: TypeORM finds the column by it and no value, and would write null.
    const value = column.getEntityValue(values) ?? (values as Record<string, unknown>)[column.propertyPath]
    return value !== undefined && value !== null
  })
  const metadata = protection.metadata.getEntityValue(values) === undefined ? [] : [protection.metadata]
  const columns = [...set.map(({ column }) => column), ...metadata]
  if (columns.length === 0) return
  const paths = columns.map(({ propertyPath }) => `"${propertyPath}"`).join(', ')
  throw new PlaintextRefusedError(
    `${protection.entity}: update() cannot set ${paths}, since it does not load the rows; use save() or updateEncrypted()`,
  )
}

/**
 * An upsert that meets an existing row writes the new ciphertexts beside the old row's key and wrapped data key, to which
 * they are not bound.
 */
export function refuseUpsert(query: string): void {
  if (!/\bON CONFLICT\b[\s\S]*\bDO UPDATE\b/i.test(query)) return
  throw new PlaintextRefusedError(
    'upsert() cannot write encrypted columns: it does not load the row; use upsertEncrypted()',
  )
}
