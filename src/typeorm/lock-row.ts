import type { EntityManager, EntityMetadata, FindOptionsWhere, ObjectLiteral } from 'typeorm'
import type { ProtectedEntity } from './protected-entity.js'

/** Loads one row under a lock, with every encrypted field, those of `select: false` included. */
export async function lockRow<E extends ObjectLiteral>(
  manager: EntityManager,
  metadata: EntityMetadata,
  { fields, row, context }: ProtectedEntity,
  where: FindOptionsWhere<E>,
): Promise<E> {
  const query = manager.createQueryBuilder<E>(metadata.target as never, 'credential').setLock('pessimistic_write')
  const columns = [...fields, ...row, ...context].map(({ column }) => column).filter((column) => !column.isSelect)
  query.addSelect(columns.map(({ propertyPath }) => `credential.${propertyPath}`))
  return query.withDeleted().where(where).getOneOrFail()
}
