import { MigrationInterface, QueryRunner } from 'typeorm'
import { addEncryptionGuard, removeEncryptionGuard } from 'waxseal/typeorm'
import { ApiToken } from '../api-token.entity.js'

/** As `migration:generate` wrote it, with the guard added. */
export class CreateApiToken1795641274409 implements MigrationInterface {
  name = 'CreateApiToken1795641274409'

  public async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `CREATE TABLE "api_token" ("id" uuid NOT NULL DEFAULT uuid_generate_v4(), "tenantId" uuid NOT NULL, "service" character varying NOT NULL, "token" text NOT NULL, "certificate" bytea, "encryption_metadata" jsonb NOT NULL DEFAULT '{}', CONSTRAINT "UQ_b58b48f8cde237f7ca02bcff637" UNIQUE ("tenantId", "service"), CONSTRAINT "PK_d862311c568d175c26f41bc6f98" PRIMARY KEY ("id"))`,
    )
    await addEncryptionGuard(queryRunner, ApiToken)
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    await removeEncryptionGuard(queryRunner, ApiToken)
    await queryRunner.query(`DROP TABLE "api_token"`)
  }
}
