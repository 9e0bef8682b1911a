import { assertExpectedContext, sameBinding } from '../envelope/binding.js'
import { EMPTY_METADATA } from '../envelope/metadata.js'
import { InvalidEnvelopeError } from '../errors.js'
import { uuidV7 } from '../kms/uuid-v7.js'
import { modeOf } from './mode.js'
import type { EncryptionSetup } from './operation.js'
import type { PendingRow } from './pending-row.js'
import { plaintextOf, refuseUnwritable } from './plaintext-of.js'
import { bindingOfEntity, type ProtectedEntity } from './protected-entity.js'
import { RowWriter } from './row-writer.js'

const IGNORES_CONFLICTS = /\bON CONFLICT\b[^;]*\bDO NOTHING\b/i

/** Gives a new row its envelope: one data key for all its fields, none when all of them are null. */
export async function encryptInsert(
  setup: EncryptionSetup,
  protection: ProtectedEntity,
  row: PendingRow,
): Promise<void> {
  const { entity } = row
  assignKey(setup, protection, entity)
  const assigned = protection.fields.flatMap((field) => {
    const value = field.column.getEntityValue(entity)
    refuseUnwritable(field, value)
    return value === undefined || value === null ? [] : [{ field, value }]
  })
  const mode = modeOf(setup.mode, protection.fields)
  const writer = new RowWriter(setup, row, mode)
  if (assigned.length === 0) {
    // Whatever the entity carries here is another row's.
    writer.writeEnvelope(protection, EMPTY_METADATA)
    return
  }
  const binding = bindingOfEntity(protection, entity)
  const fields = await Promise.all(
    assigned.map(async ({ field, value }) => ({
      field,
      plaintext: await plaintextOf(field, value, binding, row.operation),
    })),
  )
  if (mode.encryptsNewRows) {
    const envelope = await row.operation.run((options) => setup.cipher.mint(binding, options))
    writer.write(protection, envelope, fields, true)
  } else {
    assertExpectedContext(binding, row.operation.options.expectedContext)
    writer.writePlaintext(binding, fields)
    writer.writeEnvelope(protection, EMPTY_METADATA)
  }
  const key = protection.row.map(({ column }) => column.getEntityValue(entity))
  row.afterWriting((statement) => {
    // Of rows that were left out nothing comes back, and TypeORM gives the keys that do to the first of its entities.
    if (IGNORES_CONFLICTS.test(statement)) {
      protection.row.forEach(({ column }, index) => {
        column.setEntityValue(entity, key[index])
      })
    }
    // What was stored is what was bound: a trigger or a default that chose another key made the row unreadable.
    if (sameBinding(bindingOfEntity(protection, entity), binding)) return
    throw new InvalidEnvelopeError(
      `${protection.entity}: the database stored another key or context than the envelope is bound to; ` +
        'a default or a trigger changed it: roll the transaction back',
    )
  })
}

/** The envelope is bound to the key before the row exists, so the key is ours to choose. */
function assignKey({ clock }: EncryptionSetup, { row }: ProtectedEntity, entity: object): void {
  for (const { column, type } of row) {
    const isMissing = column.getEntityValue(entity) === undefined
    if (isMissing && type === 'uuid' && !column.relationMetadata) column.setEntityValue(entity, uuidV7(clock.now()))
  }
}
