import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Column, DataSource, type DataSourceOptions, Entity, PrimaryGeneratedColumn } from 'typeorm'
import {
  decryptAll,
  Encrypted,
  EncryptedValue,
  EncryptionMetadata,
  type EncryptionOptions,
  plaintextReadsOf,
  withEncryption,
} from '../../../src/typeorm/index.js'
import { type FreshDatabase, freshDatabase } from '../../setup/database.js'
import { encryptedDataSource } from '../data-source.js'

@Entity()
class Secret {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Column('text')
  name!: string

  @Encrypted({ nullable: true })
  text!: string | null

  @Encrypted({ as: 'json', lazy: true, nullable: true })
  json!: EncryptedValue<unknown> | unknown

  @Encrypted({ as: 'bytes', nullable: true })
  bytes!: Uint8Array | null

  @Encrypted({ as: 'bytes', type: 'bytea', nullable: true })
  raw!: Uint8Array | null

  @EncryptionMetadata({ entity: 'secret' })
  encryptionMetadata!: unknown
}

let database: FreshDatabase
const started: DataSource[] = []
const environment = process.env.NODE_ENV

beforeEach(async () => {
  database = await freshDatabase()
})
afterEach(async () => {
  process.env.NODE_ENV = environment
  for (const dataSource of started.splice(0)) if (dataSource.isInitialized) await dataSource.destroy()
  await database.drop()
})

const cipher = () => {
  throw new Error('the cipher was asked for')
}

function make(options: Partial<EncryptionOptions>): DataSource {
  const plain = { type: 'postgres', url: database.url, entities: [Secret], synchronize: true } as DataSourceOptions
  const dataSource = withEncryption(new DataSource(plain), { cipher, mode: 'off', ...options })
  started.push(dataSource)
  return dataSource
}

const bytes = Buffer.from([1, 2, 255])
const values = () => ({ name: randomUUID(), text: 'hunter2', json: { a: [1] }, bytes, raw: bytes })

describe('the mode off', () => {
  test('stores plaintext and reads it, without a cipher', async () => {
    const dataSource = await make({}).initialize()
    const secrets = dataSource.getRepository(Secret)
    const { id } = await secrets.save(secrets.create(values()))
    const { rows } = await database.client.query('SELECT text, json, encryption_metadata FROM secret')
    expect(rows).toEqual([{ text: 'hunter2', json: '{"a":[1]}', encryption_metadata: {} }])
    const found = await secrets.findOneByOrFail({ id })
    expect(found).toMatchObject({ text: 'hunter2', bytes, raw: bytes })
    await secrets.save(Object.assign(found, { text: 'changed', json: null }))
    const [{ fields } = { fields: {} }] = await decryptAll(secrets, await secrets.find())
    expect(fields).toEqual({ text: 'changed', json: null, bytes, raw: bytes })
    expect(plaintextReadsOf(dataSource)).toContainEqual({
      field: 'secret.text',
      reader: 'off',
      reads: expect.anything(),
    })
  })

  test('is refused in production, unless it is forced by name', async () => {
    process.env.NODE_ENV = 'production'
    expect(() => make({})).toThrow(/NODE_ENV=production.*"allowOffInProduction"/)
    const dataSource = await make({ allowOffInProduction: true }).initialize()
    expect(dataSource.isInitialized).toBe(true)
  })

  test('installs no guard, and says so', () => {
    expect(() => make({ guard: 'install' })).toThrow(/the guard would refuse every write/)
  })

  test('is stopped by the guard of a database that has one, and reads no row with an envelope', async () => {
    const { dataSource } = await encryptedDataSource(database, [Secret])
    started.push(dataSource)
    const encrypted = dataSource.getRepository(Secret)
    await encrypted.save(encrypted.create(values()))
    const secrets = (await make({}).initialize()).getRepository(Secret)
    await expect(secrets.save(secrets.create(values()))).rejects.toMatchObject({ code: 'ERR_PLAINTEXT_REFUSED' })
    await expect(secrets.find()).rejects.toMatchObject({ message: expect.stringContaining('the mode off') })
  })
})
