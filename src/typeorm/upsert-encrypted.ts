import {
  type DeepPartial,
  type EntityManager,
  type FindOptionsWhere,
  InstanceChecker,
  type ObjectLiteral,
  type Repository,
} from 'typeorm'
import { PlaintextRefusedError } from '../errors.js'
import { inTransaction, protectionOf, updateEncrypted } from './update-encrypted.js'

const UNIQUE_VIOLATION = '23505'
/** A row that appears after we looked and is gone when we look again is rare; three times in a row is something else. */
const ATTEMPTS = 3

/**
 * Inserts a row, or changes the one that has the same values in `conflictPaths`: what `upsert()` cannot do, since it does
 * not load the row. One transaction (the repository's own when it has one); a row that another writer inserts in between
 * is found and changed. Returns the entity as it is stored now.
 */
export async function upsertEncrypted<E extends ObjectLiteral>(
  repository: Repository<E>,
  values: DeepPartial<E>,
  conflictPaths: readonly string[],
): Promise<E> {
  const where = conflictWhere(repository, values, conflictPaths)
  const { target } = repository.metadata
  return inTransaction(repository, async (manager) => {
    for (let attempt = 1; ; attempt++) {
      const scoped = manager.getRepository<E>(target)
      const query = manager.createQueryBuilder<E>(target as never, 'credential').setLock('pessimistic_write')
      const found = await query.select(keyPaths(repository)).withDeleted().where(where).getRawAndEntities()
      const [existing] = found.entities
      if (existing) {
        return updateEncrypted(scoped, repository.metadata.getEntityIdMap(existing) as FindOptionsWhere<E>, values)
      }
      if (await isKeyTaken(scoped, values)) {
        // By this very row, inserted since we looked, or by another one: save() would change that.
        if (attempt < ATTEMPTS) continue
        throw new PlaintextRefusedError(
          `${repository.metadata.name}: upsertEncrypted() found no row by its conflict paths, and another row has the primary key of the values`,
        )
      }
      try {
        return await insertInSavepoint(manager, scoped, values)
      } catch (error) {
        if (attempt === ATTEMPTS || !isUniqueViolation(error)) throw error
      }
    }
  })
}

function insertInSavepoint<E extends ObjectLiteral>(
  manager: EntityManager,
  repository: Repository<E>,
  values: DeepPartial<E>,
): Promise<E> {
  // Without the savepoint a unique violation would end the transaction and the lock with it.
  return manager.transaction((nested) => nested.withRepository(repository).save(repository.create(values)))
}

async function isKeyTaken<E extends ObjectLiteral>(
  repository: Repository<E>,
  values: DeepPartial<E>,
): Promise<boolean> {
  const where = repository.metadata.getEntityIdMap(values) as FindOptionsWhere<E> | undefined
  return where !== undefined && repository.exists({ where, withDeleted: true })
}

function keyPaths({ metadata }: Repository<ObjectLiteral>): string[] {
  return metadata.primaryColumns.map(({ propertyPath }) => `credential.${propertyPath}`)
}

function conflictWhere<E extends ObjectLiteral>(
  { metadata }: Repository<E>,
  values: DeepPartial<E>,
  conflictPaths: readonly string[],
): FindOptionsWhere<E> {
  const { fields } = protectionOf(metadata)
  const where: ObjectLiteral = {}
  for (const path of conflictPaths) {
    const column = metadata.findColumnWithPropertyPath(path)
    const value = column?.getEntityValue(values)
    const isExpression = typeof value === 'function' || InstanceChecker.isFindOperator(value)
    const isValue = value !== undefined && value !== null && !isExpression
    if (!column || !isValue || fields.some((field) => field.column === column)) {
      throw new PlaintextRefusedError(
        `${metadata.name}: upsertEncrypted() needs conflict paths that are mapped, not encrypted and set in the values; "${path}" is not`,
      )
    }
    column.setEntityValue(where, value)
  }
  if (conflictPaths.length === 0)
    throw new PlaintextRefusedError(`${metadata.name}: upsertEncrypted() needs a conflict path`)
  return where as FindOptionsWhere<E>
}

function isUniqueViolation(error: unknown): boolean {
  return (error as { driverError?: { code?: unknown } }).driverError?.code === UNIQUE_VIOLATION
}
