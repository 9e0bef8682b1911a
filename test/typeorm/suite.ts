import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { DataSource, EntitySchema } from 'typeorm'
import { expectNoTrace, type FreshDatabase, freshDatabase } from '../setup/database.js'
import { type EncryptedDataSource, type EncryptedDataSourceOptions, encryptedDataSource } from './data-source.js'
import { TypeormLog } from './typeorm-log.js'

export function newCanary(): string {
  return `canary-${randomUUID()}`
}

export interface Suite {
  readonly database: FreshDatabase
  readonly dataSource: DataSource
  readonly encrypted: EncryptedDataSource
  readonly log: TypeormLog
  /** A test whose canary, written by `run`, may be found in no table and no log. */
  encrypts(name: string, run: (canary: string) => Promise<void>): void
}

/** A database and a DataSource with encryption for the tests of one file. */
export function suite(
  entities: readonly (EntitySchema | (new () => object) | (abstract new () => object))[],
  options: EncryptedDataSourceOptions & { readonly prepare?: (database: FreshDatabase) => Promise<unknown> } = {},
): Suite {
  const log = new TypeormLog()
  let database: FreshDatabase | undefined
  let encrypted: EncryptedDataSource | undefined
  const { prepare, ...rest } = options

  beforeAll(async () => {
    database = await freshDatabase()
    await prepare?.(database)
    const typeorm = { logging: 'all', logger: log, ...rest.typeorm }
    encrypted = await encryptedDataSource(database, entities, { ...rest, typeorm })
  })
  afterAll(async () => {
    if (encrypted?.dataSource.isInitialized) await encrypted.dataSource.destroy()
    await database?.drop()
  })

  return {
    log,
    get database() {
      return database as FreshDatabase
    },
    get encrypted() {
      return encrypted as EncryptedDataSource
    },
    get dataSource() {
      return (encrypted as EncryptedDataSource).dataSource
    },
    encrypts(name, run) {
      test(name, async () => {
        const canary = newCanary()
        await run(canary)
        expect(log.text).not.toContain(canary)
        await expectNoTrace((database as FreshDatabase).client, canary)
      })
    },
  }
}
