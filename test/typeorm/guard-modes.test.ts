import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { DataSource, EntitySchema, type EntitySchemaColumnOptions, type ObjectLiteral } from 'typeorm'
import { checkGuard } from '../../src/postgres/index.js'
import { FaultyProvider } from '../../src/testing/faulty-provider.js'
import {
  addEncryptionGuard,
  encryptedColumn,
  encryptionMetadataColumn,
  type GuardMode,
  protectedTableOf,
  removeEncryptionGuard,
} from '../../src/typeorm/index.js'
import { emptySchema, type FreshDatabase, freshDatabase } from '../setup/database.js'
import { encryptedDataSource } from './data-source.js'

const ID: EntitySchemaColumnOptions = { type: 'uuid', primary: true, generated: 'uuid' }

interface Declared {
  readonly entity?: string
  readonly context?: Record<string, string>
  readonly fields?: Record<string, EntitySchemaColumnOptions>
}

function credential({
  entity = 'credential',
  context = { tenant: 'tenantId' },
  fields,
}: Declared = {}): EntitySchema<ObjectLiteral> {
  return new EntitySchema<ObjectLiteral>({
    name: 'credential',
    columns: {
      id: ID,
      tenantId: { type: 'uuid' },
      ownerId: { type: 'uuid' },
      ...(fields ?? { secret: encryptedColumn() }),
      encryptionMetadata: encryptionMetadataColumn({ entity, context }),
    } as never,
  })
}

let database: FreshDatabase
const started: DataSource[] = []
const provider = new FaultyProvider()

beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.drop())

afterEach(async () => {
  for (const dataSource of started.splice(0)) if (dataSource.isInitialized) await dataSource.destroy()
  await emptySchema(database.client)
})

async function start(guard: GuardMode | undefined, declared: Declared = {}, synchronize = true): Promise<DataSource> {
  const { dataSource } = await encryptedDataSource(database, [credential(declared)], {
    provider,
    encryption: { guard } as never,
    typeorm: { synchronize },
    initialize: false,
  })
  started.push(dataSource)
  return dataSource.initialize()
}

const row = () => ({ tenantId: randomUUID(), ownerId: randomUUID(), secret: 'the secret' })
const save = (dataSource: DataSource) => dataSource.getRepository('credential').save(row())
const findings = async (dataSource: DataSource) =>
  (await checkGuard(database.client, protectedTableOf(dataSource, 'credential'))).findings.map(({ code }) => code)

describe('guard: require', () => {
  test('is the default', async () => {
    await expect(save(await start(undefined))).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
  })

  test('refuses the first write without a guard, names the remedy, and passes once it is installed', async () => {
    const dataSource = await start('require')
    await expect(save(dataSource)).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION',
      message: expect.stringMatching(/it has no guard; .*addEncryptionGuard.*"waxseal guard sql"/),
    })
    await expect(dataSource.getRepository('credential').insert(row())).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION',
    })
    expect(await dataSource.getRepository('credential').count()).toBe(0)
    await dataSource.transaction(({ queryRunner }) => addEncryptionGuard(queryRunner!, 'credential'))
    await save(dataSource)
    expect(await dataSource.getRepository('credential').count()).toBe(1)
  })

  test('asks again after a refusal, also where no transaction ends with it', async () => {
    const credentials = (await start('require')).getRepository('credential')
    for (let attempt = 1; attempt <= 2; attempt++) {
      await expect(credentials.insert(row())).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
    }
    expect(await credentials.count()).toBe(0)
  })

  test('makes no data key for a write that it refuses', async () => {
    const dataSource = await start('require')
    provider.clearCalls()
    await save(dataSource).catch(() => undefined)
    expect(provider.calls).toEqual([])
  })

  test('lets rows be read', async () => {
    const installed = await start('install')
    const { id } = await save(installed)
    await database.client.query('DROP TRIGGER waxseal_wx001_insert ON credential')
    const dataSource = await start('require')
    expect(await dataSource.getRepository('credential').findOneByOrFail({ id })).toMatchObject({ secret: 'the secret' })
    await expect(save(dataSource)).rejects.toMatchObject({ message: expect.stringContaining('GUARD_MISSING') })
  })

  const damages: Record<string, readonly [sql: string, code: string]> = {
    'a trigger that is switched off': [
      'ALTER TABLE credential DISABLE TRIGGER waxseal_wx002_update',
      'GUARD_NOT_ALWAYS',
    ],
    'a trigger that replication does not fire': [
      'ALTER TABLE credential ENABLE TRIGGER waxseal_wx002_update',
      'GUARD_NOT_ALWAYS',
    ],
    'a missing index on the envelope id': [
      `DO $$ DECLARE name text; BEGIN
         SELECT indexrelid::regclass INTO name FROM pg_index WHERE indrelid = 'credential'::regclass AND indexprs IS NOT NULL AND indisunique;
         EXECUTE 'DROP INDEX ' || name; END $$`,
      'GUARD_INDEX_MISSING',
    ],
    'a field column with a default': [`ALTER TABLE credential ALTER secret SET DEFAULT 'x'`, 'FIELD_COLUMN'],
    'a nullable metadata column': ['ALTER TABLE credential ALTER encryption_metadata DROP NOT NULL', 'METADATA_COLUMN'],
  }
  for (const [what, [sql, code]] of Object.entries(damages)) {
    test(`refuses ${what}`, async () => {
      await start('install')
      await database.client.query(sql)
      await expect(save(await start('require', {}, false))).rejects.toMatchObject({
        code: 'ERR_CONFIGURATION',
        message: expect.stringContaining(code),
      })
    })
  }

  test('reads the catalog once, at the first write', async () => {
    await start('install')
    const dataSource = await start('require', {}, false)
    let catalogQueries = 0
    dataSource.subscribers.push({
      beforeQuery({ query }) {
        if (query.includes('pg_catalog.pg_trigger')) catalogQueries += 1
      },
    })
    await dataSource.getRepository('credential').find()
    expect(catalogQueries).toBe(0)
    await Promise.all([save(dataSource), save(dataSource)])
    await save(dataSource)
    expect(catalogQueries).toBe(1)
  })

  test('asks again after destroy() and initialize()', async () => {
    await start('install')
    const dataSource = await start('require', {}, false)
    await save(dataSource)
    await dataSource.destroy()
    await database.client.query('ALTER TABLE credential DISABLE TRIGGER USER')
    await dataSource.initialize()
    await expect(save(dataSource)).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
  })

  test('sees a table and a guard that the transaction of the write has made', async () => {
    const dataSource = await start('require', {}, false)
    const [{ uuid }] = await dataSource.query('SELECT gen_random_uuid() AS uuid')
    await dataSource.transaction(async (manager) => {
      await manager.query(`CREATE TABLE credential (id uuid PRIMARY KEY, "tenantId" uuid NOT NULL, "ownerId" uuid NOT NULL,
        secret text NOT NULL, encryption_metadata jsonb NOT NULL DEFAULT '{}')`)
      await addEncryptionGuard(manager.queryRunner!, 'credential')
      await manager.getRepository('credential').save({ ...row(), id: uuid })
    })
    expect(await dataSource.getRepository('credential').countBy({ id: uuid })).toBe(1)
  })

  test('refuses a partitioned table', async () => {
    await database.client.query(`CREATE TABLE credential (id uuid PRIMARY KEY, "tenantId" uuid NOT NULL, "ownerId" uuid NOT NULL,
      secret text NOT NULL, encryption_metadata jsonb NOT NULL DEFAULT '{}') PARTITION BY HASH (id)`)
    await database.client.query('CREATE TABLE part PARTITION OF credential FOR VALUES WITH (MODULUS 1, REMAINDER 0)')
    await expect(save(await start('require', {}, false))).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION',
      message: expect.stringContaining('TABLE_NOT_ORDINARY'),
    })
    await expect(start('install', {}, false)).rejects.toThrow(/needs an ordinary table/)
    expect(started.at(-1)?.isInitialized).toBe(false)
  })
})

describe('guard: install', () => {
  test('installs after initialize(), without synchronize too', async () => {
    const bare = await start('warn')
    expect(await findings(bare)).toContain('GUARD_MISSING')
    const dataSource = await start('install', {}, false)
    expect(await findings(dataSource)).toEqual([])
  })

  test('installs after initialize() where something else has synchronised', async () => {
    const { dataSource } = await encryptedDataSource(database, [credential()], { initialize: false })
    started.push(dataSource)
    dataSource.synchronize = () => DataSource.prototype.synchronize.call(dataSource)
    await dataSource.initialize()
    expect(await findings(dataSource)).toEqual([])
  })

  test('follows a change of the entity', async () => {
    await save(await start('install'))
    const fields = { secret: encryptedColumn(), token: encryptedColumn({ nullable: true }) }
    const dataSource = await start('install', { fields })
    expect(await findings(dataSource)).toEqual([])
    const without = await start('install')
    expect(await findings(without)).toEqual([])
  })

  test('synchronize(true) drops everything and installs again', async () => {
    const dataSource = await start('install')
    await save(dataSource)
    await dataSource.synchronize(true)
    expect(await dataSource.getRepository('credential').count()).toBe(0)
    expect(await findings(dataSource)).toEqual([])
    await save(dataSource)
  })
})

test('guard: warn checks and installs nothing', async () => {
  const dataSource = await start('warn')
  const { id } = await save(dataSource)
  expect(await findings(dataSource)).toContain('GUARD_MISSING')
  expect(await dataSource.getRepository('credential').findOneByOrFail({ id })).toMatchObject({ secret: 'the secret' })
})

describe('a declaration with other logical names than the guard holds', () => {
  const others: Record<string, readonly [declared: Declared, remedy: string]> = {
    'another entity': [{ entity: 'login' }, `set entity: 'credential'`],
    'another field id': [
      { fields: { secret: encryptedColumn({ id: 'login.secret' }) } },
      `set id: 'credential.secret' and as: 'text' for column "secret"`,
    ],
    'a renamed property on the old column': [
      { fields: { password: encryptedColumn({ name: 'secret' }) } },
      `set id: 'credential.secret' and as: 'text' for column "secret"`,
    ],
    'another kind of value': [
      { fields: { secret: encryptedColumn({ as: 'json' }) } },
      `set id: 'credential.secret' and as: 'text'`,
    ],
    'another context': [{ context: {} }, `declare the context tenant (column "tenantId")`],
    'another context column': [{ context: { tenant: 'ownerId' } }, `declare the context tenant (column "tenantId")`],
    'another name of a pair': [{ context: { owner: 'tenantId' } }, `declare the context tenant (column "tenantId")`],
  }
  for (const [what, [declared, remedy]] of Object.entries(others)) {
    test(`${what}: the first write is refused with what to set`, async () => {
      await save(await start('install'))
      const dataSource = await start('require', declared, false)
      await expect(dataSource.getRepository('credential').save({ ...row(), password: 'x' })).rejects.toMatchObject({
        code: 'ERR_CONFIGURATION',
        message: expect.stringContaining(remedy),
      })
    })

    test(`${what}: install does not replace the only record of the stored names`, async () => {
      const before = await start('install')
      await save(before)
      for (const synchronize of [false, true]) {
        await expect(start('install', declared, synchronize)).rejects.toMatchObject({
          code: 'ERR_CONFIGURATION',
          message: expect.stringContaining(remedy),
        })
        expect(started.at(-1)?.isInitialized).toBe(false)
        expect(await findings(before)).toEqual([])
      }
    })
  }

  test('addEncryptionGuard() in a later migration does not replace them either, until the guard is removed', async () => {
    const before = await start('install')
    await save(before)
    const renamed = await start('warn', { entity: 'secret' }, false)
    const runner = renamed.createQueryRunner()
    try {
      await expect(addEncryptionGuard(runner, 'credential')).rejects.toMatchObject({
        code: 'ERR_CONFIGURATION',
        message: expect.stringContaining('GUARD_OTHER_NAMES'),
      })
      expect(await findings(before)).toEqual([])
      await removeEncryptionGuard(runner, 'credential')
      await addEncryptionGuard(runner, 'credential')
    } finally {
      await runner.release()
    }
    expect(await findings(renamed)).toEqual([])
  })

  test('a renamed property and column with its id kept is no other name', async () => {
    const { id } = await save(await start('install'))
    await database.client.query('ALTER TABLE credential RENAME secret TO password')
    const fields = { password: encryptedColumn({ id: 'credential.secret' }) }
    const dataSource = await start('install', { fields }, false)
    expect(await dataSource.getRepository('credential').findOneByOrFail({ id })).toMatchObject({
      password: 'the secret',
    })
    expect(await findings(dataSource)).toEqual([])
  })
})
