import type { EnvelopeBinding } from '../envelope/binding.js'
import type { EnvelopeMetadata } from '../envelope/metadata.js'
import type { OpenEnvelope } from '../envelope/open-envelope.js'
import { credentialOf, tellFailure, tellRead } from './credential-events.js'
import { rememberAsDecrypted } from './decrypted-entity.js'
import {
  attachOpener,
  EncryptedValue,
  isEncryptedValue,
  isInFlight,
  type RowOpener,
  stateOf,
} from './encrypted-value.js'
import { decryptFromColumn, encryptForColumn } from './field-column.js'
import type { ColumnValues, Mode } from './mode.js'
import type { EncryptionSetup } from './operation.js'
import { startOperation } from './operation.js'
import type { PendingRow } from './pending-row.js'
import type { PlaintextParameter } from './plaintext-parameter.js'
import type { ProtectedEntity, ProtectedField } from './protected-entity.js'
import { isWritable, StoredEnvelope } from './stored-envelope.js'

/** One field of one row that is to be written, with its plaintext. */
export interface FieldWrite {
  readonly field: ProtectedField
  readonly plaintext: unknown
}

/** One field on its way, and what a lazy property holds once it is written. */
interface Write extends FieldWrite {
  readonly columns: ColumnValues
  readonly shown: { readonly value: EncryptedValue; readonly opener: RowOpener }
}

/** Encrypts fields of one row and puts the ciphertexts into its entity for the statement that is about to be built. */
export class RowWriter {
  readonly #setup: EncryptionSetup
  readonly #row: PendingRow
  readonly #mode: Mode

  constructor(setup: EncryptionSetup, row: PendingRow, mode: Mode) {
    this.#setup = setup
    this.#row = row
    this.#mode = mode
  }

  /** `isNew`: the envelope is written with the fields. */
  write(protection: ProtectedEntity, envelope: OpenEnvelope, fields: readonly FieldWrite[], isNew: boolean): void {
    const opener = this.#openerOf(protection, envelope)
    this.#replace(
      fields.map(({ field, plaintext }) => {
        const stored = encryptForColumn(envelope, field, plaintext)
        const shown = { value: EncryptedValue.fromStored(stored), opener }
        return { field, plaintext, columns: { stored, source: this.#mode.source(field, plaintext, this.#now) }, shown }
      }),
    )
    if (isNew) this.writeEnvelope(protection, envelope.metadata)
  }

  /** Of a row that has no envelope and is given none. */
  writePlaintext(binding: EnvelopeBinding, fields: readonly FieldWrite[]): void {
    this.#replace(
      fields.map(({ field, plaintext }) => {
        const columns = this.#mode.plaintext(field, plaintext, this.#now)
        const opener = { binding: () => binding, open: async () => plaintext }
        return { field, plaintext, columns, shown: { value: loadedValueOf(columns), opener } }
      }),
    )
  }

  get #now(): number {
    return this.#setup.clock.now()
  }

  #replace(writes: readonly Write[]): void {
    // Only now, when nothing can fail any more, does the entity change.
    this.#row.operation.assertUnderWay()
    rememberAsDecrypted(this.#row.entity)
    for (const write of writes) {
      const { column } = write.field
      const original = column.getEntityValue(this.#row.entity)
      this.#row.replace(column, EncryptedValue.inFlight(write.columns, write.plaintext))
      this.#row.afterWriting(() => this.#show(write, original))
    }
  }

  writeEnvelope(protection: ProtectedEntity, metadata: EnvelopeMetadata): void {
    const { entity } = this.#row
    this.#row.replace(protection.metadata, StoredEnvelope.of(metadata))
    this.#row.afterWriting(() => {
      if (isWritable(protection.metadata.getEntityValue(entity))) return
      // Another instance than the one that was marked for the write.
      protection.metadata.setEntityValue(entity, StoredEnvelope.of(metadata))
    })
  }

  /** What the property holds once the row is written. */
  #show({ field, shown, columns }: Write, original: unknown): void {
    const { entity } = this.#row
    // Another save of the same instance is under way, and this is what it is going to write.
    if (isInFlight(field.column.getEntityValue(entity))) return
    if (field.lazy) {
      attachOpener(shown.value, shown.opener, field)
      field.column.setEntityValue(entity, shown.value)
      return
    }
    // `RETURNING *` puts raw column values into the caller's object.
    const value = field.column.getEntityValue(entity)
    if (isRaw(value, columns.stored) || (isEncryptedValue(value) && value !== original)) {
      field.column.setEntityValue(entity, stateOf(original)?.plaintext?.value ?? original)
    }
  }

  #openerOf(protection: ProtectedEntity, { metadata, binding }: OpenEnvelope): RowOpener {
    // Not the open envelope itself: it would keep the data key for as long as the entity lives.
    const [setup, { entity }] = [this.#setup, this.#row]
    const { row = credentialOf(protection, entity).row } = binding
    const credential = { entity: binding.entity, ...(row !== undefined && { row }), envelope: metadata.id }
    const opener: RowOpener = {
      binding: () => binding,
      open: async (field, loaded, operation = startOperation(setup)) => {
        try {
          const opened = await operation.run((options) => setup.cipher.open(metadata, binding, options))
          const plaintext = decryptFromColumn(opened, field, loaded)
          await tellRead(setup, opener, credential, operation)
          return plaintext
        } catch (error) {
          return tellFailure(setup, 'read', credential, error, operation.options)
        }
      },
    }
    return opener
  }
}

/** Of a plaintext that was written. */
function loadedValueOf({ stored, source }: ColumnValues): EncryptedValue {
  if (source) return EncryptedValue.fromSource(String(source.toPostgres()))
  return EncryptedValue.fromStored((stored as PlaintextParameter).toPostgres())
}

function isRaw(value: unknown, stored: ColumnValues['stored']): boolean {
  return value === stored || (Buffer.isBuffer(value) && Buffer.isBuffer(stored) && value.equals(stored))
}
