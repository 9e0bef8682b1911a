import type { EntityMetadata } from 'typeorm'
import type { OpenEnvelope } from '../envelope/open-envelope.js'
import { isWaxsealError } from '../errors.js'
import { attachOpener, type EncryptedValue, isEncryptedValue, loadedOf } from './encrypted-value.js'
import { decryptFromColumn } from './field-column.js'
import { LoadedRow } from './loaded-row.js'
import type { EncryptionSetup, Operation } from './operation.js'
import { type ProtectedEntity, type ProtectedField, protectedEntityOf } from './protected-entity.js'
import { settled } from './settled.js'

/**
 * Decrypts one entity after it was loaded: at once where its data key is cached, else when `operation` has it.
 *
 * Never throws synchronously: TypeORM has started the hooks of the other rows by then and would leave their promises to
 * nobody.
 */
export function decryptLoaded(
  setup: EncryptionSetup,
  metadata: EntityMetadata,
  entity: object,
  operation: () => Operation,
): Promise<void> | undefined {
  try {
    // Single-table inheritance: the hook is told the parent's metadata whatever was loaded.
    const protection = protectedEntityOf(metadata.findInheritanceMetadata(entity))
    return protection && decryptFields(setup, protection, entity, operation)
  } catch (error) {
    return unreadable(setup, error)
  }
}

interface Ciphertext {
  readonly field: ProtectedField
  readonly value: EncryptedValue
}

function decryptFields(
  setup: EncryptionSetup,
  protection: ProtectedEntity,
  entity: object,
  operation: () => Operation,
): Promise<void> | undefined {
  let row: LoadedRow | undefined
  const transparent: Ciphertext[] = []
  for (const field of protection.fields) {
    const value = field.column.getEntityValue(entity)
    if (!isEncryptedValue(value)) continue
    row ??= new LoadedRow(setup, protection, entity)
    attachOpener(value, row, field)
    if (!field.lazy) transparent.push({ field, value })
  }
  if (!row || transparent.length === 0) return undefined
  const [metadata, binding] = [row.metadata(), row.binding()]
  if (metadata.state === 'shredded') {
    // Not null: a save would write that back.
    for (const { field } of transparent) field.column.setEntityValue(entity, undefined)
    return undefined
  }
  const show = (plaintextOf: (ciphertext: Ciphertext) => unknown) => {
    // All or nothing: an entity is not left half decrypted.
    const plaintexts = transparent.map(plaintextOf)
    transparent.forEach(({ field }, index) => {
      field.column.setEntityValue(entity, plaintexts[index])
    })
  }
  const open = (opened: OpenEnvelope) => show(({ field, value }) => decryptFromColumn(opened, field, loadedOf(value)))
  const shared = operation()
  if (metadata.state === 'empty') {
    const loaded = row
    show(({ field, value }) => loaded.readPlaintext(field, loadedOf(value), shared))
    return undefined
  }
  const cached = setup.cipher.openCached(metadata, binding, shared.options)
  if (cached) {
    open(cached)
    return undefined
  }
  const opening = shared
    .run((options) => setup.cipher.open(metadata, binding, options))
    .then((opened) => {
      shared.assertUnderWay()
      open(opened)
    })
  return setup.onUnreadable === 'leave' ? opening.catch((error) => unreadable(setup, error)) : settled(opening)
}

/** With `leave`, one bad row keeps its `EncryptedValue`s, whose `decrypt()` says what is wrong with it. */
function unreadable(setup: EncryptionSetup, error: unknown): Promise<void> | undefined {
  if (setup.onUnreadable === 'leave' && isWaxsealError(error)) return undefined
  return settled(Promise.reject(error))
}
