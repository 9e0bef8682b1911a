const { addEncryptionGuard, removeEncryptionGuard } = require('waxseal/typeorm')
const { Credential } = require('../credential')

/**
 * @typedef {import('typeorm').MigrationInterface} MigrationInterface
 * @typedef {import('typeorm').QueryRunner} QueryRunner
 */

/**
 * As `migration:generate` wrote it, with the guard added.
 *
 * @class
 * @implements {MigrationInterface}
 */
module.exports = class CreateCredential1795641559370 {
  name = 'CreateCredential1795641559370'

  /**
   * @param {QueryRunner} queryRunner
   */
  async up(queryRunner) {
    await queryRunner.query(
      `CREATE TABLE "credential" ("id" uuid NOT NULL DEFAULT uuid_generate_v4(), "tenantId" uuid NOT NULL, "name" text NOT NULL, "password" text NOT NULL, "recoveryCodes" text, "encryption_metadata" jsonb NOT NULL DEFAULT '{}', CONSTRAINT "PK_3a5169bcd3d5463cefeec78be82" PRIMARY KEY ("id"))`,
    )
    await addEncryptionGuard(queryRunner, Credential)
  }

  /**
   * @param {QueryRunner} queryRunner
   */
  async down(queryRunner) {
    await removeEncryptionGuard(queryRunner, Credential)
    await queryRunner.query(`DROP TABLE "credential"`)
  }
}
