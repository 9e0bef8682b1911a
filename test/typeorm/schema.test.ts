import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type DataSource, EntitySchema, type MigrationInterface, type QueryRunner } from 'typeorm'
import { checkGuard } from '../../src/postgres/index.js'
import {
  addEncryptionGuard,
  encryptedColumn,
  encryptionMetadataColumn,
  protectedTablesOf,
  removeEncryptionGuard,
} from '../../src/typeorm/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { encryptedDataSource } from './data-source.js'
import { Credential, Token } from './entities.js'
import { READ_ENTITIES } from './read-entities.js'
import { TypeormLog } from './typeorm-log.js'

async function pendingChanges(dataSource: DataSource): Promise<string[]> {
  const { upQueries } = await dataSource.driver.createSchemaBuilder().log()
  return upQueries.map(({ query }) => query)
}

async function missingGuards({ client }: FreshDatabase, dataSource: DataSource): Promise<string[]> {
  const tables = protectedTablesOf(dataSource)
  const states = await Promise.all(tables.map((table) => checkGuard(client, table)))
  return tables.filter((_, index) => states[index]!.findings.length > 0).map(({ table }) => table)
}

test('comments of the columns stand in the database', async () => {
  const database = await freshDatabase()
  const commented = new EntitySchema({
    name: 'commented',
    columns: {
      id: { type: 'uuid', primary: true, generated: 'uuid' },
      secret: encryptedColumn({ comment: 'what opens the door' }),
      envelope: encryptionMetadataColumn({ entity: 'commented', comment: 'who may open it' }),
    },
  })
  const { dataSource } = await encryptedDataSource(database, [commented])
  const { rows } = await database.client.query(
    `select attname, col_description(attrelid, attnum) as comment from pg_attribute
      where attrelid = 'commented'::regclass and attnum > 1 order by attnum`,
  )
  expect(rows).toEqual([
    { attname: 'secret', comment: 'what opens the door' },
    { attname: 'encryption_metadata', comment: 'who may open it' },
  ])
  await dataSource.destroy()
  await database.drop()
})

describe('synchronize', () => {
  let database: FreshDatabase
  let dataSource: DataSource

  beforeAll(async () => {
    database = await freshDatabase()
    ;({ dataSource } = await encryptedDataSource(database, [...READ_ENTITIES, Credential, Token]))
  })

  afterAll(async () => {
    await dataSource?.destroy()
    await database?.drop()
  })

  test('leaves nothing to change, and every table guarded', async () => {
    expect(await pendingChanges(dataSource)).toEqual([])
    expect(protectedTablesOf(dataSource).length).toBeGreaterThan(7)
    expect(await missingGuards(database, dataSource)).toEqual([])
  })

  test('a second time changes nothing and keeps the guard', async () => {
    await dataSource.synchronize()
    expect(await pendingChanges(dataSource)).toEqual([])
    expect(await missingGuards(database, dataSource)).toEqual([])
  })

  test('at a second start finds nothing to change either', async () => {
    const second = await encryptedDataSource(database, [...READ_ENTITIES, Credential, Token])
    expect(await pendingChanges(second.dataSource)).toEqual([])
    expect(await missingGuards(database, second.dataSource)).toEqual([])
    await second.dataSource.destroy()
  })

  test('a start asks once about each table and sends its guard at once, however many triggers it has', async () => {
    const sent: string[] = []
    const logger = Object.assign(new TypeormLog(), { logQuery: (query: string) => sent.push(query) })
    const typeorm = { synchronize: false, logging: ['query'], logger }
    const second = await encryptedDataSource(database, [...READ_ENTITIES, Credential, Token], { typeorm })
    const transaction = sent.slice(sent.indexOf('START TRANSACTION') + 1, sent.indexOf('COMMIT'))
    expect(transaction).toHaveLength(2 * protectedTablesOf(second.dataSource).length)
    expect(transaction.filter((query) => query.includes('CREATE OR REPLACE TRIGGER')).length).toBe(
      transaction.length / 2,
    )
    await second.dataSource.destroy()
  })

  test('in mode require leaves an installed guard alone', async () => {
    const typeorm = { synchronize: true }
    const required = await encryptedDataSource(database, [...READ_ENTITIES, Credential, Token], {
      typeorm,
      encryption: { guard: 'require' },
    })
    expect(await pendingChanges(required.dataSource)).toEqual([])
    expect(await missingGuards(database, required.dataSource)).toEqual([])
    await required.dataSource.destroy()
  })
})

describe('migrations', () => {
  class CreateRegions1700000000001 implements MigrationInterface {
    async up(queryRunner: QueryRunner): Promise<void> {
      await queryRunner.query(`CREATE TABLE region (id uuid PRIMARY KEY, secret text NOT NULL,
        encryption_metadata jsonb NOT NULL DEFAULT '{}')`)
    }
    async down(queryRunner: QueryRunner): Promise<void> {
      await queryRunner.query('DROP TABLE region')
    }
  }

  class GuardRegions1700000000002 implements MigrationInterface {
    async up(queryRunner: QueryRunner): Promise<void> {
      await addEncryptionGuard(queryRunner, 'Region')
    }
    async down(queryRunner: QueryRunner): Promise<void> {
      await removeEncryptionGuard(queryRunner, 'Region')
    }
  }

  let database: FreshDatabase
  let dataSource: DataSource

  beforeAll(async () => {
    database = await freshDatabase()
    const typeorm = { synchronize: false, migrations: [CreateRegions1700000000001, GuardRegions1700000000002] }
    const plain = new EntitySchema<object>({ name: 'plain', columns: { id: { type: 'uuid', primary: true } } as never })
    ;({ dataSource } = await encryptedDataSource(database, [...READ_ENTITIES, plain], {
      typeorm,
      encryption: { guard: 'require' },
    }))
  })

  afterAll(async () => {
    await dataSource?.destroy()
    await database?.drop()
  })

  const save = () => dataSource.getRepository('Region').save({ secret: 'the secret' })

  async function leftovers(): Promise<unknown[]> {
    const { rows } = await database.client.query(`
      SELECT tgname AS name FROM pg_trigger WHERE NOT tgisinternal
      UNION ALL SELECT proname FROM pg_proc WHERE proname LIKE 'waxseal%'
      UNION ALL SELECT relname FROM pg_class WHERE relname LIKE 'waxseal%'`)
    return rows
  }

  test('up installs the guard, which then holds', async () => {
    await dataSource.runMigrations()
    const { id } = await save()
    expect(await dataSource.getRepository('Region').findOneByOrFail({ id })).toMatchObject({ secret: 'the secret' })
    const insert = `INSERT INTO region (id, secret) VALUES ('${randomUUID()}', 'plaintext')`
    await expect(database.client.query(insert)).rejects.toMatchObject({ code: 'WX001' })
  })

  test('down removes it and leaves nothing behind', async () => {
    expect(await leftovers()).not.toEqual([])
    await dataSource.undoLastMigration()
    expect(await leftovers()).toEqual([])
  })

  test('up again, a second time too, is safe', async () => {
    await dataSource.runMigrations()
    await dataSource.transaction(({ queryRunner }) => addEncryptionGuard(queryRunner!, 'Region'))
    await save()
    await dataSource.undoLastMigration()
    await dataSource.undoLastMigration()
    expect(await leftovers()).toEqual([])
  })

  test('addEncryptionGuard() of an entity without encrypted columns is refused', async () => {
    const adding = dataSource.transaction(({ queryRunner }) => addEncryptionGuard(queryRunner!, 'plain'))
    await expect(adding).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION',
      message: 'plain: the entity has no @Encrypted columns',
    })
  })
})
