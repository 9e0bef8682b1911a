import type { EntityMetadata } from 'typeorm'
import type { OpenEnvelope } from '../envelope/open-envelope.js'
import { isWaxsealError } from '../errors.js'
import { credentialOf, tellFailure, tellRead, tellReadAtOnce } from './credential-events.js'
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
  let protection: ProtectedEntity | undefined
  try {
    // Single-table inheritance: the hook is told the parent's metadata whatever was loaded.
    protection = protectedEntityOf(metadata.findInheritanceMetadata(entity))
    return protection && decryptFields(setup, protection, entity, operation)
  } catch (error) {
    if (!protection || !setup.credentialLog) return unreadable(setup, error)
    const wait = { deadline: setup.clock.now() + setup.timeoutMs }
    return awaited(setup, tellFailure(setup, 'read', credentialOf(protection, entity), error, wait))
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
  const [loaded, shared] = [row, operation()]
  const show = (plaintextOf: (ciphertext: Ciphertext) => unknown): Promise<void> | undefined => {
    // All or nothing: an entity is not left half decrypted.
    const plaintexts = transparent.map(plaintextOf)
    const give = () => {
      transparent.forEach(({ field }, index) => {
        field.column.setEntityValue(entity, plaintexts[index])
      })
    }
    if (!tellReadAtOnce(setup, loaded, loaded.credential, shared)) {
      return tellRead(setup, loaded, loaded.credential, shared).then(() => {
        shared.assertUnderWay()
        give()
      })
    }
    give()
    return undefined
  }
  const open = (opened: OpenEnvelope) => show(({ field, value }) => decryptFromColumn(opened, field, loadedOf(value)))
  const told = (decrypting: Promise<void> | undefined) => {
    const failed = (error: unknown) => tellFailure(setup, 'read', loaded.credential, error, shared.options)
    return decrypting && awaited(setup, decrypting.catch(failed))
  }
  if (metadata.state === 'empty') {
    return told(show(({ field, value }) => loaded.readPlaintext(field, loadedOf(value), shared)))
  }
  const cached = setup.cipher.openCached(metadata, binding, shared.options)
  if (cached) return told(open(cached))
  const opening = shared
    .run((options) => setup.cipher.open(metadata, binding, options))
    .then((opened) => {
      shared.assertUnderWay()
      return open(opened)
    })
  return told(opening)
}

function awaited(setup: EncryptionSetup, decrypting: Promise<void>): Promise<void> {
  return setup.onUnreadable === 'leave' ? decrypting.catch((error) => unreadable(setup, error)) : settled(decrypting)
}

/** With `leave`, one bad row keeps its `EncryptedValue`s, whose `decrypt()` says what is wrong with it. */
function unreadable(setup: EncryptionSetup, error: unknown): Promise<void> | undefined {
  if (setup.onUnreadable === 'leave' && isWaxsealError(error)) return undefined
  return settled(Promise.reject(error))
}
