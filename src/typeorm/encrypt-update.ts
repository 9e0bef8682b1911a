import type { QueryRunner } from 'typeorm'
import { type EnvelopeBinding, sameBinding } from '../envelope/binding.js'
import { sameValue } from '../envelope/field-value.js'
import { EMPTY_METADATA, type EnvelopeMetadata } from '../envelope/metadata.js'
import { CredentialShreddedError, EnvelopeChangedError, PlaintextRefusedError } from '../errors.js'
import { isEncryptedValue, sameStored, stateOf } from './encrypted-value.js'
import { modeOf } from './mode.js'
import type { EncryptionSetup, Operation } from './operation.js'
import type { PendingRow } from './pending-row.js'
import { plaintextOf, refuseOwnCiphertext, refuseUnwritable } from './plaintext-of.js'
import { bindingOfEntity, type ProtectedEntity, type ProtectedField } from './protected-entity.js'
import { type FieldWrite, RowWriter } from './row-writer.js'
import { metadataOf } from './stored-envelope.js'
import { updateWithoutEnvelope } from './update-without-envelope.js'

/**
 * Encrypts the changed fields of a row that `save()` has just reloaded as `stored`: under the row's own data key, or
 * under a new one when no ciphertext under the old one would remain or when the row is bound to something else now.
 */
export async function encryptUpdate(
  setup: EncryptionSetup,
  protection: ProtectedEntity,
  stored: object,
  row: PendingRow,
  runner: QueryRunner,
): Promise<void> {
  const { entity } = row
  row.keepUnset(protection)
  const current = protection.metadata.getEntityValue(stored)
  // The column belongs to the library. Unless a new envelope is written it is left as the table has it, so that a save
  // during a rotation neither fails nor puts back an old wrapped key.
  if (protection.metadata.getEntityValue(entity) !== undefined) protection.metadata.setEntityValue(entity, current)

  const states = protection.fields.map((field) => fieldState(field, entity, stored))
  const metadata = metadataOf(current)
  const moved = await moveOf(protection, entity, stored, metadata)
  const changed = states.filter((state) => state.change === 'set')
  for (const { field, value } of changed) refuseOwnCiphertext(field, value, metadata)
  const remaining = states.filter((state) => state.change === 'none' && state.stored !== null)
  const mode = modeOf(setup.mode, protection.fields)
  const writer = new RowWriter(setup, row, mode)
  if (mode.rowsWithoutEnvelope !== 'begin' && metadata.state === 'empty') {
    const update = { setup, protection, stored, row, runner, mode, writer }
    if (states.some(({ change }) => change !== 'none')) await updateWithoutEnvelope(update, states)
    return
  }
  if (changed.length === 0 && !moved) return
  if (changed.length === 0 && remaining.length === 0) {
    // An envelope over nothing would stay bound to what the row no longer is.
    writer.writeEnvelope(protection, EMPTY_METADATA)
    return
  }
  if (metadata.state === 'shredded' && remaining.length > 0) throw shredded(protection, remaining)
  if (moved) refuseUnloaded(protection, remaining)

  const binding = bindingOfEntity(protection, entity, stored)
  const rewritten = moved ? [...changed, ...remaining] : changed
  const fields = await Promise.all(
    rewritten.map((state) => fieldWrite(state, moved ?? binding, binding, row.operation)),
  )
  const isNew = metadata.state !== 'wrapped' || moved !== undefined || remaining.length === 0
  const envelope = await row.operation.run((options) =>
    isNew ? setup.cipher.mint(binding, options) : setup.cipher.open(metadata, binding, options),
  )
  writer.write(protection, envelope, fields, isNew)
  row.beforeSending(() => {
    if (sameBinding(bindingOfEntity(protection, entity, stored), binding)) return
    throw new EnvelopeChangedError(
      `${protection.entity}: what the envelope is bound to was changed while the fields were encrypted; retry`,
    )
  })
}

export interface FieldState {
  readonly field: ProtectedField
  /** What the entity asks for: a new value, null, or nothing. */
  readonly change: 'set' | 'clear' | 'none'
  readonly value: unknown
  /** What was reloaded: the plaintext, an `EncryptedValue`, null, or undefined for what is not loaded or is shredded. */
  readonly stored: unknown
}

function fieldState(field: ProtectedField, entity: object, reloaded: object): FieldState {
  const value = field.column.getEntityValue(entity)
  const stored = field.column.getEntityValue(reloaded)
  refuseUnwritable(field, value)
  if (value === undefined) return { field, change: 'none', value: stored, stored }
  if (value === null) return { field, change: stored === null ? 'none' : 'clear', value, stored }
  return { field, change: isSame(field, value, stored) ? 'none' : 'set', value, stored }
}

function isSame(field: ProtectedField, value: unknown, stored: unknown): boolean {
  if (isEncryptedValue(value) && isEncryptedValue(stored))
    return sameStored(stateOf(value)?.stored, stateOf(stored)?.stored)
  return !isEncryptedValue(value) && !isEncryptedValue(stored) && sameValue(field.kind, value, stored)
}

/** The binding that the row is leaving, or undefined when it stays. */
async function moveOf(
  protection: ProtectedEntity,
  entity: object,
  stored: object,
  metadata: EnvelopeMetadata,
): Promise<EnvelopeBinding | undefined> {
  if (metadata.state !== 'wrapped') return undefined
  const from = bindingOfEntity(protection, stored)
  const to = bindingOfEntity(protection, entity, stored)
  return sameBinding(from, to) ? undefined : from
}

/** The plaintext to write. What stays as it was is still bound to where the row comes from. */
async function fieldWrite(
  { field, change, value }: FieldState,
  from: EnvelopeBinding,
  to: EnvelopeBinding,
  operation: Operation,
): Promise<FieldWrite> {
  const plaintext = await plaintextOf(field, value, change === 'none' ? from : to, operation)
  return { field, plaintext }
}

function refuseUnloaded(protection: ProtectedEntity, remaining: readonly FieldState[]): void {
  const unloaded = remaining.filter(({ value }) => value === undefined)
  if (unloaded.length === 0) return
  throw new PlaintextRefusedError(
    `${protection.entity}: a change of what the envelope is bound to encrypts every field again, and ` +
      `${names(unloaded)} is not loaded; select it, or use updateEncrypted()`,
  )
}

function shredded(protection: ProtectedEntity, remaining: readonly FieldState[]): CredentialShreddedError {
  return new CredentialShreddedError(
    `${protection.entity}: the credential was shredded; to use the row again set every field that is not null: ${names(remaining)} is missing`,
  )
}

function names(states: readonly FieldState[]): string {
  return states.map(({ field }) => `"${field.column.propertyPath}"`).join(', ')
}
