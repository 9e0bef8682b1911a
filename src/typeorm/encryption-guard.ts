import type { EntityTarget, ObjectLiteral, QueryRunner } from 'typeorm'
import { assertStoredNames } from '../postgres/guard-check.js'
import { guardSql } from '../postgres/guard-sql.js'
import { protectedTableOf, queryableOf } from './protected-tables.js'
import { runTogether } from './run-together.js'

/**
 * Installs the guard on an entity's table, from a migration: triggers that refuse what is not ciphertext, and the unique
 * index on envelope ids. Safe to run again. Run it once more after a change of the encrypted or bound columns; a
 * migration that drops or alters such a column removes the guard first, since Postgres refuses it otherwise.
 *
 * Rejects with `ConfigurationError` where a guard with other logical names is in place, which stored ciphertexts are
 * bound to: set `id` or `entity` to those. Where nothing is stored under them, remove the guard first.
 */
export async function addEncryptionGuard(queryRunner: QueryRunner, target: EntityTarget<ObjectLiteral>): Promise<void> {
  const table = protectedTableOf(queryRunner.connection, target)
  await assertStoredNames(queryableOf(queryRunner), table)
  await runTogether(queryRunner, guardSql(table).install)
}

/** The reverse of `addEncryptionGuard`. */
export async function removeEncryptionGuard(
  queryRunner: QueryRunner,
  target: EntityTarget<ObjectLiteral>,
): Promise<void> {
  await runTogether(queryRunner, guardSql(protectedTableOf(queryRunner.connection, target)).remove)
}
