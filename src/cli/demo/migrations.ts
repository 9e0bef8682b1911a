import type { EntityTarget, MigrationInterface, ObjectLiteral, QueryRunner } from 'typeorm'
import { addEncryptionGuard, addLifecycleSchema, removeEncryptionGuard } from '../../typeorm/index.js'
import { PlainTwin, ShopCredential } from './entities.js'

/** An encrypted field is a column of text, whatever its value is; the guard sees to what is in it. */
export class CreateShopCredential1795305600000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(createTable(tablePathOf(queryRunner, ShopCredential), 'text'))
    await addEncryptionGuard(queryRunner, ShopCredential)
    await addLifecycleSchema(queryRunner)
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await removeEncryptionGuard(queryRunner, ShopCredential)
    await queryRunner.query(`DROP TABLE ${tablePathOf(queryRunner, ShopCredential)}`)
  }
}

export class CreatePlainTwin1795305600001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(createTable(tablePathOf(queryRunner, PlainTwin), 'jsonb'))
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE ${tablePathOf(queryRunner, PlainTwin)}`)
  }
}

function createTable(path: string, oauth: 'text' | 'jsonb'): string {
  return `CREATE TABLE ${path} (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL,
    shop text NOT NULL,
    kind text NOT NULL,
    secret text NOT NULL,
    webhook_secret text,
    oauth ${oauth},
    encryption_metadata jsonb NOT NULL DEFAULT '{}'
  )`
}

/** With the schema, which the demo chooses when it starts. */
function tablePathOf(queryRunner: QueryRunner, entity: EntityTarget<ObjectLiteral>): string {
  return queryRunner.connection.getMetadata(entity).tablePath
}
