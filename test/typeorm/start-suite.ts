import assert from 'node:assert/strict'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm'
import { encryptedColumn, encryptionMetadataColumn } from '../../src/typeorm/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { encryptedDataSource } from './data-source.js'

export type Entities = Parameters<typeof encryptedDataSource>[1]
export type Columns = Record<string, EntitySchemaColumnOptions>

export const ID: EntitySchemaColumnOptions = { type: 'uuid', primary: true, generated: 'uuid' }
export const IDENTITY = { to: (value: unknown) => value, from: (value: unknown) => value }

export function schema(columns: Columns, name = 'credential'): EntitySchema {
  return new EntitySchema<object>({ name, columns: columns as never })
}

/** A sound entity with some of its columns replaced. */
export function credential(columns: Columns): Entities {
  return [
    schema({
      id: ID,
      secret: encryptedColumn(),
      encryptionMetadata: encryptionMetadataColumn({ entity: 'credential' }),
      ...columns,
    }),
  ]
}

export interface StartSuite {
  /** Starts a DataSource over the entities, against an empty database. */
  start(entities: Entities): Promise<void>
  /** The error of such a start, which has to fail. */
  refusalOf(entities: Entities): Promise<{ code?: string; message: string }>
  /** One test for each: the start fails with a `ConfigurationError` of that message. */
  refuses(cases: Record<string, readonly [entities: () => Entities, message: RegExp]>): void
}

/** For tests of what a start refuses. */
export function startSuite(): StartSuite {
  let database: FreshDatabase

  beforeAll(async () => {
    database = await freshDatabase()
  })
  afterAll(() => database?.drop())

  async function start(entities: Entities): Promise<void> {
    const typeorm = { synchronize: false }
    const { dataSource } = await encryptedDataSource(database, entities, { typeorm, encryption: { guard: 'require' } })
    await dataSource.destroy()
  }

  async function refusalOf(entities: Entities): Promise<{ code?: string; message: string }> {
    return start(entities).then(
      () => assert.fail('it was not refused'),
      (error) => error,
    )
  }

  return {
    start,
    refusalOf,
    refuses(cases) {
      for (const [name, [entities, message]] of Object.entries(cases)) {
        test(name, async () => {
          const error = await refusalOf(entities())
          expect(error.message).toMatch(message)
          expect(error.code).toBe('ERR_CONFIGURATION')
        })
      }
    },
  }
}
