import type { QueryRunner } from 'typeorm'
import { assertExpectedContext, type EnvelopeBinding } from '../envelope/binding.js'
import { EnvelopeChangedError, PlaintextRefusedError } from '../errors.js'
import type { FieldState } from './encrypt-update.js'
import { lockRow } from './lock-row.js'
import type { Mode } from './mode.js'
import type { EncryptionSetup } from './operation.js'
import type { PendingRow } from './pending-row.js'
import { plaintextOf } from './plaintext-of.js'
import { bindingOfEntity, type ProtectedEntity, type ProtectedField } from './protected-entity.js'
import type { FieldWrite, RowWriter } from './row-writer.js'
import { metadataOf } from './stored-envelope.js'

export interface UpdateWithoutEnvelope {
  readonly setup: EncryptionSetup
  readonly protection: ProtectedEntity
  readonly stored: object
  readonly row: PendingRow
  readonly runner: QueryRunner
  readonly mode: Mode
  readonly writer: RowWriter
}

/**
 * A save that changes fields of a row that has no envelope. The row is locked, and read again under the lock: a run of the
 * adoption, or a process of another stage, may have given it one since it was loaded.
 */
export async function updateWithoutEnvelope(
  update: UpdateWithoutEnvelope,
  states: readonly FieldState[],
): Promise<void> {
  const { setup, protection, stored, row, mode, writer } = update
  const binding = bindingOfEntity(protection, row.entity, stored)
  const changed = states.filter(({ change }) => change === 'set')
  const fields = await Promise.all(changed.map((state) => fieldWrite(state.field, state.value, binding, row)))
  if (mode.rowsWithoutEnvelope === 'keep') {
    assertExpectedContext(binding, row.operation.options.expectedContext)
    await lockedRow(update)
    writer.writePlaintext(binding, fields)
    return
  }
  const others = states.filter(({ change }) => change === 'none')
  // Nothing would be left to encrypt.
  if (changed.length === 0 && others.every((state) => state.stored === null)) return
  // Before the row is locked: others wait for a lock, and a KMS may take its time.
  const envelope = await row.operation.run((options) => setup.cipher.mint(binding, options))
  const locked = await lockedRow(update)
  const from = bindingOfEntity(protection, locked)
  const remaining = others.flatMap(({ field }) => {
    const value = field.column.getEntityValue(locked)
    return value === null || value === undefined ? [] : [fieldWrite(field, value, from, row)]
  })
  const all = [...fields, ...(await Promise.all(remaining))]
  if (all.length > 0) writer.write(protection, envelope, all, true)
}

async function fieldWrite(
  field: ProtectedField,
  value: unknown,
  binding: EnvelopeBinding,
  { operation }: PendingRow,
): Promise<FieldWrite> {
  return { field, plaintext: await plaintextOf(field, value, binding, operation) }
}

async function lockedRow({ protection, stored, runner }: UpdateWithoutEnvelope): Promise<object> {
  const { entityMetadata } = protection.metadata
  if (!runner.isTransactionActive) {
    throw new PlaintextRefusedError(
      `${protection.entity}: a save without a transaction cannot change a row that has no envelope, since it would not be locked`,
    )
  }
  const locked = await lockRow(
    runner.manager,
    entityMetadata,
    protection,
    entityMetadata.getEntityIdMap(stored) as object,
  )
  if (metadataOf(protection.metadata.getEntityValue(locked)).state === 'empty') return locked
  throw new EnvelopeChangedError(
    `${protection.entity}: the row has been encrypted since it was loaded; load it again and retry`,
  )
}
