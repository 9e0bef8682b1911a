import type { EntityMetadata } from 'typeorm'
import type { EnvelopeBinding } from '../envelope/binding.js'
import type { EnvelopeMetadata } from '../envelope/metadata.js'
import type { OpenEnvelope } from '../envelope/open-envelope.js'
import { ConfigurationError, InvalidEnvelopeError, isWaxsealError } from '../errors.js'
import { attachOpener, type EncryptedValue, isEncryptedValue, type StoredField, stateOf } from './encrypted-value.js'
import { decryptFromColumn } from './field-column.js'
import { type EncryptionSetup, type Operation, startOperation } from './operation.js'
import { bindingOfEntity, type ProtectedEntity, type ProtectedField, protectedEntityOf } from './protected-entity.js'
import { metadataOf } from './stored-envelope.js'

interface LoadedField {
  readonly field: ProtectedField
  readonly value: EncryptedValue
}

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
  // Single-table inheritance: the hook is told the parent's metadata whatever was loaded.
  const protection = protectedEntityOf(metadata.findInheritanceMetadata(entity))
  const loaded = protection?.fields.flatMap((field) => {
    const value = field.column.getEntityValue(entity)
    return isEncryptedValue(value) ? [{ field, value }] : []
  })
  if (!protection || !loaded || loaded.length === 0) return undefined
  try {
    return decryptFields(setup, protection, entity, loaded, operation)
  } catch (error) {
    return unreadable(setup, error)
  }
}

function decryptFields(
  setup: EncryptionSetup,
  protection: ProtectedEntity,
  entity: object,
  loaded: readonly LoadedField[],
  operation: () => Operation,
): Promise<void> | undefined {
  const envelope = LoadedEnvelope.read(protection, entity)
  for (const { field, value } of loaded) {
    attachOpener(value, {
      open: (stored) => openLazily(setup, field, stored, envelope),
      binding: () => envelope.orThrow().binding,
    })
  }
  const transparent = loaded.filter(({ field }) => !field.lazy)
  if (transparent.length === 0) return undefined
  const { metadata, binding } = envelope.orThrow()
  if (metadata.state === 'shredded') {
    // Not null: a save would write that back.
    for (const { field } of transparent) field.column.setEntityValue(entity, undefined)
    return undefined
  }
  const open = (opened: OpenEnvelope) => {
    // All or nothing: an entity is not left half decrypted.
    const plaintexts = transparent.map(({ field, value }) => decryptFromColumn(opened, field, storedOf(value)))
    transparent.forEach(({ field }, index) => {
      field.column.setEntityValue(entity, plaintexts[index])
    })
  }
  const { options, run } = bound(operation())
  const cached = setup.cipher.openCached(metadata, binding, options)
  if (cached) {
    open(cached)
    return undefined
  }
  const opening = run((limited) => setup.cipher.open(metadata, binding, limited)).then(open)
  return setup.onUnreadable === 'leave' ? opening.catch((error) => unreadable(setup, error)) : settled(opening)
}

function bound(operation: Operation) {
  return { options: operation.options, run: operation.run.bind(operation) }
}

async function openLazily(
  setup: EncryptionSetup,
  field: ProtectedField,
  stored: StoredField,
  envelope: LoadedEnvelope,
): Promise<unknown> {
  const { metadata, binding } = envelope.orThrow()
  if (metadata.state === 'empty') throw withoutEnvelope(field)
  const opened = await setup.cipher.open(metadata, binding, startOperation(setup).options)
  return decryptFromColumn(opened, field, stored)
}

/** The envelope of one loaded row, or why it cannot be used; said when a field is read, not when it is loaded. */
class LoadedEnvelope {
  readonly #read: () => { metadata: EnvelopeMetadata; binding: EnvelopeBinding }

  private constructor(read: () => { metadata: EnvelopeMetadata; binding: EnvelopeBinding }) {
    this.#read = read
  }

  static read(protection: ProtectedEntity, entity: object): LoadedEnvelope {
    const stored = protection.metadata.getEntityValue(entity)
    const bindings = [...protection.row, ...protection.context].map(({ column }) => column)
    const missing = [protection.metadata, ...bindings].filter((column) => column.getEntityValue(entity) === undefined)
    if (missing.length > 0) {
      const paths = missing.map((column) => column.propertyPath).join(', ')
      return new LoadedEnvelope(() => {
        throw new ConfigurationError(
          `${protection.entity}: an encrypted field was loaded without ${paths}; add that to the select`,
        )
      })
    }
    // Taken now: the application may change the entity before it reads a lazy field.
    const binding = attempt(() => bindingOfEntity(protection, entity))
    return new LoadedEnvelope(() => ({ metadata: metadataOf(stored), binding: binding() }))
  }

  orThrow() {
    return this.#read()
  }
}

function attempt<T>(make: () => T): () => T {
  try {
    const made = make()
    return () => made
  } catch (error) {
    return () => {
      throw error
    }
  }
}

function storedOf(value: EncryptedValue): StoredField {
  return stateOf(value)?.stored as StoredField
}

function withoutEnvelope(field: ProtectedField): InvalidEnvelopeError {
  return new InvalidEnvelopeError(`field "${field.id}": the row has a ciphertext and no envelope`)
}

/** With `leave`, one bad row keeps its `EncryptedValue`s, whose `decrypt()` says what is wrong with it. */
function unreadable(setup: EncryptionSetup, error: unknown): Promise<void> | undefined {
  if (setup.onUnreadable === 'leave' && isWaxsealError(error)) return undefined
  return settled(Promise.reject(error))
}

/** Marks a rejection as handled. `Promise.all` in TypeORM sees it all the same, unless another row failed first. */
export function settled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
