import type { EntityMetadata } from 'typeorm'
import { PlaintextRefusedError } from '../errors.js'
import { isStoredEnvelope } from './stored-envelope.js'

const JSON_TYPES = new Set<unknown>(['json', 'jsonb', 'simple-json'])

/** Saved in part, and so without an envelope by which to know them. */
const written = new WeakSet<object>()

export function rememberAsDecrypted(entity: object): void {
  written.add(entity)
}

/**
 * Refuses entities that were loaded or saved where JSON would be made of them, with every plaintext that they hold: a table
 * of changes with a json column, a parameter of a statement. They are known by the envelope that they carry.
 */
export function refuseInJsonColumns(metadata: EntityMetadata, entity: object): void {
  for (const column of metadata.columns) {
    if (!JSON_TYPES.has(column.type) || !holdsDecryptedEntity(column.getEntityValue(entity))) continue
    throw new PlaintextRefusedError(
      `${metadata.name}.${column.propertyPath}: an entity with encrypted columns would be stored here with its plaintexts; ` +
        'name the properties to keep',
    )
  }
}

export function refuseAsParameters(parameters: readonly unknown[]): void {
  if (!parameters.some((parameter) => holdsDecryptedEntity(parameter))) return
  throw new PlaintextRefusedError(
    'an entity with encrypted columns is a parameter of a statement and would be sent with its plaintexts; pass its key',
  )
}

function holdsDecryptedEntity(value: unknown, seen = new Set<unknown>()): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return false
  seen.add(value)
  const members = Object.values(value)
  return (
    written.has(value) || members.some(isStoredEnvelope) || members.some((member) => holdsDecryptedEntity(member, seen))
  )
}
