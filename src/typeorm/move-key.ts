import type { DeepPartial, EntityManager, EntityMetadata, ObjectLiteral, QueryRunner } from 'typeorm'
import { subscriberOf } from './subscriber.js'

/**
 * Gives a locked row another primary key. `save()` would insert a second row, so the statement is built here; the
 * subscriber's own hooks encrypt every field for the new key and put the plaintexts back, as for a save.
 */
export async function moveKey<E extends ObjectLiteral>(
  manager: EntityManager,
  metadata: EntityMetadata,
  locked: E,
  changes: DeepPartial<E>,
): Promise<E> {
  const subscriber = subscriberOf(manager.connection)
  const values: ObjectLiteral = { ...changes }
  const queryRunner = manager.queryRunner as QueryRunner
  await subscriber.beforeUpdate({ entity: values, databaseEntity: locked, metadata, queryRunner })
  await manager
    .createQueryBuilder()
    .update(metadata.target)
    .set(values)
    .where(metadata.getEntityIdMap(locked) as ObjectLiteral)
    .callListeners(false)
    .execute()
  await subscriber.afterUpdate({ entity: values, databaseEntity: locked, metadata, queryRunner })
  const moved = metadata.getEntityIdMap({ ...locked, ...changes })
  return manager.findOneOrFail<E>(metadata.target as never, { where: moved as never, withDeleted: true })
}
