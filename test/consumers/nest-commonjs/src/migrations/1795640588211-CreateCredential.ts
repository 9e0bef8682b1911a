import { MigrationInterface, QueryRunner } from 'typeorm'
import { addEncryptionGuard, removeEncryptionGuard } from 'waxseal/typeorm'
import { Credential } from '../credential.entity'

/** As `migration:generate` wrote it, with the guard added. */
export class CreateCredential1795640588211 implements MigrationInterface {
  name = 'CreateCredential1795640588211'

  public async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `CREATE TABLE "credential" ("id" uuid NOT NULL DEFAULT uuid_generate_v4(), "tenantId" uuid NOT NULL, "name" character varying NOT NULL, "password" text NOT NULL, "oauth" text, "encryption_metadata" jsonb NOT NULL DEFAULT '{}', CONSTRAINT "PK_3a5169bcd3d5463cefeec78be82" PRIMARY KEY ("id"))`,
    )
    await addEncryptionGuard(queryRunner, Credential)
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    await removeEncryptionGuard(queryRunner, Credential)
    await queryRunner.query(`DROP TABLE "credential"`)
  }
}
