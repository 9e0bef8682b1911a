import { assertExpectedContext, type EnvelopeBinding } from '../envelope/binding.js'
import type { EnvelopeMetadata } from '../envelope/metadata.js'
import { ConfigurationError } from '../errors.js'
import type { LegacyRow } from '../postgres/field-adoption.js'
import { type Credential, credentialOf, tellFailure, tellRead } from './credential-events.js'
import type { LoadedField, RowOpener } from './encrypted-value.js'
import { decryptFromColumn } from './field-column.js'
import { legacyRowOf } from './legacy-row.js'
import { type Mode, modeOf } from './mode.js'
import { type EncryptionSetup, type Operation, startOperation } from './operation.js'
import { bindingOfValues, type ProtectedEntity, type ProtectedField } from './protected-entity.js'
import { metadataOf } from './stored-envelope.js'

/**
 * The envelope of one loaded row and the values that it is bound to, taken when it was loaded: the application may change
 * the entity before it reads a lazy field. What is wrong with them is said when a field is read.
 */
export class LoadedRow implements RowOpener {
  readonly #setup: EncryptionSetup
  readonly #protection: ProtectedEntity
  readonly #envelope: unknown
  readonly #values: readonly unknown[]
  readonly #mode: Mode
  readonly #further: LegacyRow
  readonly #credential: Credential | undefined

  constructor(setup: EncryptionSetup, protection: ProtectedEntity, entity: object) {
    this.#setup = setup
    this.#protection = protection
    this.#envelope = protection.metadata.getEntityValue(entity)
    this.#values = protection.bound.map(({ column }) => column.getEntityValue(entity))
    this.#mode = modeOf(setup.mode, protection.fields)
    this.#further = this.#mode.readsPlaintext ? legacyRowOf(protection, entity) : {}
    this.#credential = setup.credentialLog && credentialOf(protection, entity)
  }

  metadata(): EnvelopeMetadata {
    this.#assertComplete()
    return metadataOf(this.#envelope)
  }

  binding(): EnvelopeBinding {
    this.#assertComplete()
    return bindingOfValues(this.#protection, this.#values)
  }

  async open(field: ProtectedField, loaded: LoadedField, operation = startOperation(this.#setup)): Promise<unknown> {
    try {
      const plaintext = await this.#read(field, loaded, operation)
      await tellRead(this.#setup, this, this.credential, operation)
      return plaintext
    } catch (error) {
      return tellFailure(this.#setup, 'read', this.credential, error, operation.options)
    }
  }

  /** Which row it is, for events. */
  get credential(): Credential {
    return this.#credential ?? { entity: this.#protection.entity }
  }

  /** A field of a row without an envelope, as the mode reads it. */
  readPlaintext(field: ProtectedField, loaded: LoadedField, { options }: Operation): unknown {
    assertExpectedContext(this.binding(), options.expectedContext)
    const { clock, plaintextReads } = this.#setup
    const { value, reader } = this.#mode.read(field, loaded, this.#further, clock.now())
    plaintextReads.count(field.id, reader)
    return value
  }

  async #read(field: ProtectedField, loaded: LoadedField, operation: Operation): Promise<unknown> {
    const [metadata, binding] = [this.metadata(), this.binding()]
    if (metadata.state === 'empty') return this.readPlaintext(field, loaded, operation)
    const opened = await operation.run((options) => this.#setup.cipher.open(metadata, binding, options))
    return decryptFromColumn(opened, field, loaded)
  }

  #assertComplete(): void {
    if (this.#envelope !== undefined && !this.#values.includes(undefined)) return
    const { entity, metadata, bound } = this.#protection
    const values = [this.#envelope, ...this.#values]
    const missing = [metadata, ...bound.map(({ column }) => column)].filter((_, index) => values[index] === undefined)
    const paths = missing.map(({ propertyPath }) => propertyPath).join(', ')
    throw new ConfigurationError(`${entity}: an encrypted field was loaded without ${paths}; add that to the select`)
  }
}
