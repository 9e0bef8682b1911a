import type { QueryRunner } from 'typeorm'
import { installSchema } from '../lifecycle/schema.js'
import { queryableOf } from './protected-tables.js'

/**
 * Installs the schema `waxseal`, from a migration: the tables of runs, processes, receipts and decisions. Safe to run again,
 * and to be run once more after an update of the library. It has no reverse: receipts of shredding are kept.
 */
export async function addLifecycleSchema(queryRunner: QueryRunner): Promise<void> {
  await installSchema(queryableOf(queryRunner))
}
