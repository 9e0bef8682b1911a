import type { QueryRunner } from 'typeorm'

/**
 * Runs the statements of one table in one round trip, and in one transaction where none is open. Not those of several tables:
 * of an error Postgres names the column, and TypeORM the statements that were sent.
 */
export async function runTogether(queryRunner: QueryRunner, statements: readonly string[]): Promise<void> {
  await queryRunner.query(statements.join(';\n'))
}
