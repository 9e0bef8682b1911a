import type { EnvelopeMetadata } from '../envelope/metadata.js'
import type { OpenEnvelope } from '../envelope/open-envelope.js'
import { rememberAsDecrypted } from './decrypted-entity.js'
import {
  attachOpener,
  EncryptedValue,
  isInFlight,
  type RowOpener,
  type StoredField,
  stateOf,
} from './encrypted-value.js'
import { decryptFromColumn, encryptForColumn } from './field-column.js'
import type { EncryptionSetup } from './operation.js'
import { startOperation } from './operation.js'
import type { PendingRow } from './pending-row.js'
import type { ProtectedEntity, ProtectedField } from './protected-entity.js'
import { isWritable, StoredEnvelope } from './stored-envelope.js'

/** One field of one row that is to be written, with its plaintext. */
export interface FieldWrite {
  readonly field: ProtectedField
  readonly plaintext: unknown
}

/** Encrypts fields of one row and puts the ciphertexts into its entity for the statement that is about to be built. */
export class RowWriter {
  readonly #setup: EncryptionSetup
  readonly #row: PendingRow

  constructor(setup: EncryptionSetup, row: PendingRow) {
    this.#setup = setup
    this.#row = row
  }

  /** `isNew`: the envelope is written with the fields. */
  write(protection: ProtectedEntity, envelope: OpenEnvelope, fields: readonly FieldWrite[], isNew: boolean): void {
    const encrypted = fields.map(({ field, plaintext }) => {
      return { field, plaintext, stored: encryptForColumn(envelope, field, plaintext) }
    })
    // Only now, when nothing can fail any more, does the entity change.
    this.#row.operation.assertUnderWay()
    rememberAsDecrypted(this.#row.entity)
    for (const { field, plaintext, stored } of encrypted) {
      const original = field.column.getEntityValue(this.#row.entity)
      this.#row.replace(field.column, EncryptedValue.inFlight(stored, plaintext))
      this.#row.afterWriting(() => this.#show(field, envelope, stored, original))
    }
    if (isNew) this.writeEnvelope(protection, envelope.metadata)
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
  #show(field: ProtectedField, envelope: OpenEnvelope, stored: StoredField, original: unknown): void {
    const { entity } = this.#row
    // Another save of the same instance is under way, and this is what it is going to write.
    if (isInFlight(field.column.getEntityValue(entity))) return
    if (field.lazy) {
      const value = EncryptedValue.fromStored(stored)
      attachOpener(value, this.#opener(envelope), field)
      field.column.setEntityValue(entity, value)
    } else if (isRaw(field.column.getEntityValue(entity), stored)) {
      // `RETURNING *` puts raw column values into the caller's object.
      field.column.setEntityValue(entity, stateOf(original)?.plaintext?.value ?? original)
    }
  }

  #opener({ metadata, binding }: OpenEnvelope): RowOpener {
    // Not the open envelope itself: it would keep the data key for as long as the entity lives.
    const { cipher } = this.#setup
    return {
      binding: () => binding,
      open: async (field, stored, operation = startOperation(this.#setup)) => {
        const opened = await operation.run((options) => cipher.open(metadata, binding, options))
        return decryptFromColumn(opened, field, stored)
      },
    }
  }
}

function isRaw(value: unknown, stored: StoredField): boolean {
  return value === stored || (Buffer.isBuffer(value) && Buffer.isBuffer(stored) && value.equals(stored))
}
