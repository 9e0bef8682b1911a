import { type EnvelopeBinding, sameBinding } from '../envelope/binding.js'
import { isStoredUnder } from '../envelope/encrypted-field.js'
import type { EnvelopeMetadata } from '../envelope/metadata.js'
import { PlaintextRefusedError } from '../errors.js'
import { decryptValue, isEncryptedValue, PRINTED, stateOf } from './encrypted-value.js'
import type { Operation } from './operation.js'
import type { ProtectedField } from './protected-entity.js'
import { SOURCE_TAG } from './source-tag.js'

/**
 * Refuses what would become SQL text, since TypeORM writes the result of a function into the statement as it is, and what an
 * `EncryptedValue` prints as: an entity that went through JSON would put that in the place of the secret.
 */
export function refuseUnwritable(field: ProtectedField, value: unknown): void {
  if (typeof value === 'function') {
    throw new PlaintextRefusedError(`field "${field.id}": an SQL expression cannot be encrypted; assign a value`)
  }
  if (typeof value === 'string' && value.startsWith(SOURCE_TAG)) {
    throw new PlaintextRefusedError(
      `field "${field.id}": the value is what a raw result shows of a column that is being adopted; load the entity with find()`,
    )
  }
  if (value === PRINTED) {
    throw new PlaintextRefusedError(
      `field "${field.id}": "${PRINTED}" is what an EncryptedValue prints as and not its value; leave the property out to keep the value`,
    )
  }
}

/**
 * Refuses a ciphertext of this very row, which only a path without our hooks can have put into the entity (`getRawMany()`,
 * `returning('*')`): encrypted once more, it would be what everybody reads from then on. No plaintext has the commitment.
 */
export function refuseOwnCiphertext(field: ProtectedField, value: unknown, metadata: EnvelopeMetadata): void {
  if (metadata.state === 'empty' || !isStoredUnder(metadata.commitment, value)) return
  throw new PlaintextRefusedError(
    `field "${field.id}": the value is the ciphertext of this row, as a raw result has it; assign the plaintext, or load the entity with find()`,
  )
}

/**
 * The plaintext that an application assigned. An `EncryptedValue` of this same row (left there by a transaction that was
 * rolled back, or loaded before the row was given a new envelope) is decrypted; one of another row is refused, since
 * moving a secret between rows is something to ask for by name.
 */
export async function plaintextOf(
  field: ProtectedField,
  value: unknown,
  binding: EnvelopeBinding,
  operation: Operation,
): Promise<unknown> {
  if (!isEncryptedValue(value)) return value
  const state = stateOf(value)
  if (state?.plaintext) return state.plaintext.value
  const origin = state?.opener?.binding()
  if (!origin || !sameBinding(origin, binding)) throw foreignValue(field)
  return decryptValue(value, operation)
}

export function foreignValue(field: ProtectedField): PlaintextRefusedError {
  return new PlaintextRefusedError(
    `field "${field.id}": an EncryptedValue of another row, or one that was loaded without its envelope, cannot be saved; ` +
      'assign what its decrypt() gives, or call decryptAll(repository, rows) first',
  )
}
