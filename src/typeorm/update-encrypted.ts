import {
  type DeepPartial,
  type EntityManager,
  type EntityMetadata,
  type FindOptionsWhere,
  InstanceChecker,
  type ObjectLiteral,
  type Repository,
} from 'typeorm'
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js'
import { ConfigurationError, PlaintextRefusedError } from '../errors.js'
import { lockRow } from './lock-row.js'
import { moveKey } from './move-key.js'
import { type ProtectedEntity, protectedEntityOf } from './protected-entity.js'

/** The primary key of one row: its value, or an object with the value of each key property. */
export type PrimaryKey<E> = string | number | bigint | FindOptionsWhere<E>

/**
 * Changes one row by its primary key, which is what `update()` cannot do: the row is locked, loaded with all encrypted
 * fields, changed and saved, in one transaction (the repository's own when it has one). Also changes what the envelope is
 * bound to, a bound primary key included: every field is then encrypted under a new data key.
 *
 * Rejects with TypeORM's `EntityNotFoundError` when there is no such row. Returns the entity as it is stored now.
 */
export async function updateEncrypted<E extends ObjectLiteral>(
  repository: Repository<E>,
  primaryKey: PrimaryKey<E>,
  changes: DeepPartial<E>,
): Promise<E> {
  const { metadata } = repository
  const where = whereOf(metadata, primaryKey) as FindOptionsWhere<E>
  const protection = protectionOf(metadata)
  return inTransaction(repository, async (manager) => {
    const entity = await lockRow<E>(manager, metadata, protection, where)
    const moved = metadata.primaryColumns.filter((column) => {
      const value = column.getEntityValue(changes)
      return value !== undefined && value !== column.getEntityValue(entity)
    })
    const fixed = moved.find(({ isUpdate }) => !isUpdate)
    if (fixed) throw new ConfigurationError(`${metadata.name}.${fixed.propertyPath}: a key with update: false stays`)
    if (moved.length > 0) return moveKey(manager, metadata, entity, changes)
    manager.merge(metadata.target, entity, changes)
    return manager.save(metadata.target, entity)
  })
}

/** The repository's transaction, or a new one. */
export function inTransaction<T>(
  { manager }: Pick<Repository<ObjectLiteral>, 'manager'>,
  run: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  return manager.queryRunner?.isTransactionActive ? run(manager) : manager.transaction(run)
}

export function protectionOf(metadata: EntityMetadata): ProtectedEntity {
  const protection = protectedEntityOf(metadata)
  if (protection) return protection
  throw new PlaintextRefusedError(
    `${metadata.name}: the entity has no @Encrypted columns; use the repository's own methods`,
  )
}

function whereOf(metadata: EntityMetadata, primaryKey: unknown): ObjectLiteral {
  const isObject = typeof primaryKey === 'object' && primaryKey !== null
  const [first, second] = metadata.primaryColumns
  const key = isObject ? primaryKey : first && !second ? first.createValueMap(primaryKey) : {}
  const where = metadata.getEntityIdMap(key)
  // An operator could find several rows, of which one would be changed.
  const isValue = (column: ColumnMetadata) => !InstanceChecker.isFindOperator(column.getEntityValue(key))
  if (where && metadata.primaryColumns.every(isValue)) return where
  const expected = metadata.primaryColumns.map(({ propertyPath }) => propertyPath).join(', ')
  throw new PlaintextRefusedError(`${metadata.name}: the primary key needs ${expected}`)
}
