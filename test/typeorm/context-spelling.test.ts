import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { EntitySchema, type EntitySchemaColumnOptions, type Repository } from 'typeorm'
import { encryptedColumn, encryptionMetadataColumn } from '../../src/typeorm/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { type EncryptedDataSource, encryptedDataSource } from './data-source.js'

/** One value has one spelling in the encryption context, however an application writes it. */
type Row = { id: string; owner: unknown; secret: string }

const TYPES: Record<string, EntitySchemaColumnOptions> = {
  uuid: { type: 'uuid' },
  integer: { type: 'integer' },
  bigint: { type: 'bigint' },
  number: { type: Number },
  text: { type: 'text' },
  varchar: { type: 'varchar', length: 64 },
  string: { type: String },
}

const schemas = Object.entries(TYPES).map(
  ([name, owner]) =>
    new EntitySchema<Row>({
      name,
      columns: {
        id: { type: 'uuid', primary: true, generated: 'uuid' },
        owner,
        secret: encryptedColumn(),
        encryptionMetadata: encryptionMetadataColumn({ entity: name, context: { owner: 'owner' } }),
      } as never,
    }),
)

let database: FreshDatabase
let encrypted: EncryptedDataSource

beforeAll(async () => {
  database = await freshDatabase()
  encrypted = await encryptedDataSource(database, schemas)
})

beforeEach(() => encrypted.ledger.clear())

afterAll(async () => {
  await encrypted?.dataSource.destroy()
  await database?.drop()
})

const repository = (type: string): Repository<Row> => encrypted.dataSource.getRepository<Row>(type)
const bound = () => encrypted.ledger.entries.map(({ context }) => context.owner)

const UUID = '6f1d1f1c-8a53-4b8e-9d0a-0f2f5f3b9c1e'

const cases: readonly [type: string, given: unknown, spelt: string][] = [
  ['uuid', UUID, UUID],
  ['uuid', UUID.toUpperCase(), UUID],
  ['integer', 42, '42'],
  ['integer', '42', '42'],
  ['integer', -7, '-7'],
  ['integer', 0, '0'],
  ['integer', -0, '0'],
  ['number', 42, '42'],
  ['bigint', 42, '42'],
  ['bigint', '9007199254740993', '9007199254740993'],
  ['bigint', 9007199254740993n, '9007199254740993'],
  ['text', 'Köln ', 'Köln '],
  ['text', 'K\u006f\u0308ln', 'K\u006f\u0308ln'],
  ['text', UUID.toUpperCase(), UUID.toUpperCase()],
  ['text', '', ''],
  ['text', '042', '042'],
  ['varchar', ' a\nb ', ' a\nb '],
  ['string', 'a', 'a'],
]

for (const [type, given, spelt] of cases) {
  test(`${type} ${typeof given} ${String(given)} is bound as ${JSON.stringify(spelt)}, and read back`, async () => {
    const { id } = await repository(type).save({ owner: given, secret: 'the secret' } as Row)
    expect(bound()).toEqual([spelt])
    encrypted.cipher.forgetAll()
    const found = await repository(type).findOneByOrFail({ id })
    expect(found.secret).toBe('the secret')
    expect(bound()).toEqual([spelt, spelt])
  })
}

describe('another spelling of the same value is no change', () => {
  const spellings: readonly [type: string, first: unknown, second: unknown][] = [
    ['uuid', UUID, UUID.toUpperCase()],
    ['integer', 42, '42'],
    ['bigint', '42', 42n],
  ]
  for (const [type, first, second] of spellings) {
    test(type, async () => {
      const saved = await repository(type).save({ owner: first, secret: 'the secret' } as Row)
      encrypted.ledger.clear()
      await repository(type).save({ ...saved, owner: second } as Row)
      expect(encrypted.ledger.counts()).toEqual({})
      expect((await repository(type).findOneByOrFail({ id: saved.id })).secret).toBe('the secret')
    })
  }
})

describe('what has no spelling is refused before a data key is made', () => {
  const unspellable: readonly [type: string, value: unknown][] = [
    ['uuid', 'no uuid'],
    ['uuid', `{${UUID}}`],
    ['uuid', UUID.replaceAll('-', '')],
    ['integer', '042'],
    ['integer', '4.2'],
    ['integer', 4.2],
    ['integer', Number.NaN],
    ['integer', '1e3'],
    ['bigint', 2 ** 53],
    ['text', 'lone \ud800'],
    ['text', 5],
    ['text', { toString: () => 'objectified' }],
  ]
  for (const [type, value] of unspellable) {
    test(`${type} ${typeof value} ${JSON.stringify(value)}`, async () => {
      const row = { owner: value, secret: 'kept' } as Row
      const error = await repository(type)
        .save(row)
        .catch((thrown) => thrown)
      expect(error).toMatchObject({ code: 'ERR_CONFIGURATION', message: expect.stringContaining('property "owner"') })
      expect(error.message).not.toContain(String(value))
      expect(encrypted.ledger.entries).toEqual([])
      expect(row.secret).toBe('kept')
    })
  }
})
