import { EMPTY_METADATA } from '../envelope/metadata.js'
import { InvalidEnvelopeError } from '../errors.js'
import type { EncryptionSetup } from './operation.js'
import type { WriteBatch } from './pending-writes.js'
import { plaintextOf, refuseSqlExpression } from './plaintext-of.js'
import { bindingOfEntity, type ProtectedEntity } from './protected-entity.js'
import { RowWriter } from './row-writer.js'
import { StoredEnvelope } from './stored-envelope.js'
import { uuidV7 } from './uuid-v7.js'

/** Gives a new row its envelope: one data key for all its fields, none when all of them are null. */
export async function encryptInsert(
  setup: EncryptionSetup,
  protection: ProtectedEntity,
  entity: object,
  batch: WriteBatch,
): Promise<void> {
  assignKey(setup, protection, entity)
  const assigned = protection.fields.flatMap((field) => {
    const value = field.column.getEntityValue(entity)
    refuseSqlExpression(field, value)
    return value === undefined || value === null ? [] : [{ field, value }]
  })
  const writer = new RowWriter(setup, batch)
  if (assigned.length === 0) {
    // Whatever the entity carries here is another row's.
    const empty = () => StoredEnvelope.of(EMPTY_METADATA)
    writer.writeEnvelope(protection, entity, empty(), empty)
    return
  }
  const binding = bindingOfEntity(protection, entity)
  const fields = await Promise.all(
    assigned.map(async ({ field, value }) => ({ field, plaintext: await plaintextOf(field, value, binding) })),
  )
  const envelope = await batch.operation.run((options) => setup.cipher.mint(binding, options))
  writer.write(protection, entity, envelope, fields, true)
  batch.afterWriting(entity, () => {
    // What was stored is what was bound: a trigger or a default that chose another key made the row unreadable.
    const stored = bindingOfEntity(protection, entity)
    if (JSON.stringify(stored) === JSON.stringify(binding)) return
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
