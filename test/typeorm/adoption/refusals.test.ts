import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Column, type DataSource, Entity, PrimaryGeneratedColumn, type Repository } from 'typeorm'
import { Encrypted, type EncryptedValue, EncryptionMetadata } from '../../../src/typeorm/index.js'
import { dumpDatabase, type FreshDatabase, freshDatabase } from '../../setup/database.js'
import { encryptedDataSource } from '../data-source.js'
import { failureOf, printed } from '../refusal.js'
import { Account, LegacyTable, UNTIL } from './legacy-account.js'

let database: FreshDatabase
let table: LegacyTable
const repositories: Record<string, Repository<Account>> = {}

beforeAll(async () => {
  database = await freshDatabase()
  table = await LegacyTable.create(database)
  for (const mode of ['adopt-read', 'adopt-write'] as const) {
    const { dataSource } = await table.start(mode, {})
    repositories[mode] = dataSource.getRepository(Account)
  }
})
afterAll(async () => {
  await table?.close()
  await database?.drop()
})

const values = () => ({
  tenantId: randomUUID(),
  password: `pw-${randomUUID()}`,
  token: `token-${randomUUID()}`,
  note: 'n',
})

describe.each(['adopt-read', 'adopt-write'])('refused in %s as in enforce', (mode) => {
  type Run = (accounts: Repository<Account>, secret: string, existing: Account) => Promise<unknown>
  const cases: Record<string, Run> = {
    'update() of a field': (accounts, secret, { id }) => accounts.update(id, { password: secret }),
    'update() of a field in place': (accounts, secret, { id }) => accounts.update(id, { note: secret }),
    'upsert()': (accounts, secret, { id, tenantId }) => accounts.upsert({ id, tenantId, password: secret }, ['id']),
    'save() without listeners': (accounts, secret, existing) =>
      accounts.save(Object.assign(existing, { password: secret }), { listeners: false }),
    'insert() without listeners': (accounts, secret, { tenantId }) =>
      accounts.createQueryBuilder().insert().values({ tenantId, password: secret }).callListeners(false).execute(),
    'a condition on a field': (accounts, secret) => accounts.findBy({ password: secret }),
    'a condition on a field in place': (accounts, secret) => accounts.findBy({ note: secret }),
    'a condition as text': (accounts, secret) =>
      accounts.createQueryBuilder('a').where('a.password = :secret', { secret }).getMany(),
    'a condition on the column so far': (accounts, secret) =>
      accounts.query('SELECT id FROM account WHERE password = $1', [secret]),
    'a condition on a value that was loaded': async (accounts, _secret, { id }) => {
      const { token } = await accounts.findOneByOrFail({ id })
      return accounts.findBy({ token: token as EncryptedValue<string> })
    },
    'a value as a raw result shows it': async (accounts, _secret, { id }) => {
      const [raw] = await accounts.createQueryBuilder('a').where({ id }).getRawMany()
      const entity = await accounts.findOneByOrFail({ id })
      return accounts.save(Object.assign(entity, { password: raw.a_password }))
    },
    'an SQL expression': (accounts, _secret, existing) =>
      accounts.save(Object.assign(existing, { password: () => "'x'" }) as never),
    'a loaded entity as a parameter': async (accounts, _secret, { id }) =>
      accounts.query('SELECT $1::jsonb', [await accounts.findOneByOrFail({ id })]),
    'a query cache': (accounts) => accounts.find({ cache: true }),
  }
  test.each(Object.entries(cases))('%s', async (_name, run) => {
    const accounts = repositories[mode] as Repository<Account>
    const written = values()
    const existing = await accounts.save(accounts.create(written))
    const before = await dumpDatabase(database.client)
    table.log.clear()
    const secret = `secret-${randomUUID()}`
    const error = await failureOf(() => run(accounts, secret, existing))
    expect(error).toMatchObject({ code: 'ERR_PLAINTEXT_REFUSED' })
    for (const value of [secret, written.password, written.token]) {
      expect(printed(error)).not.toContain(value)
      expect(table.log.text).not.toContain(value)
    }
    expect(await dumpDatabase(database.client)).toBe(before)
  })
})

describe('plaintext is not written', () => {
  const hex = { recognizes: () => false, read: () => undefined, columns: [], authenticates: true, name: 'hex-gcm' }
  const readers = [{ reader: hex, until: UNTIL }]

  @Entity('mixed')
  class Mixed {
    @PrimaryGeneratedColumn('uuid')
    id!: string

    @Column('text', { nullable: true })
    name!: string | null

    @Encrypted({ nullable: true, adopt: { placement: 'inPlace', readers } })
    coded!: string | null

    @Encrypted({ nullable: true })
    added!: string | null

    @EncryptionMetadata({ entity: 'mixed' })
    encryptionMetadata!: unknown
  }

  const started: DataSource[] = []
  afterAll(async () => {
    for (const dataSource of started) await dataSource.destroy()
  })
  const start = async (mode: 'adopt-read' | 'adopt-write') => {
    const { dataSource } = await encryptedDataSource(database, [Mixed], { encryption: { mode } })
    started.push(dataSource)
    return dataSource.getRepository(Mixed)
  }

  test('into a column that holds another format, nor into one that is not adopted', async () => {
    const mixed = await start('adopt-read')
    const coded = mixed.save(mixed.create({ coded: 'hunter2' }))
    await expect(coded).rejects.toMatchObject({
      code: 'ERR_PLAINTEXT_REFUSED',
      message: expect.stringMatching(/holds hex-gcm.*add the reader plaintext/),
    })
    const added = mixed.save(mixed.create({ added: 'hunter2' }))
    await expect(added).rejects.toMatchObject({
      code: 'ERR_PLAINTEXT_REFUSED',
      message: expect.stringMatching(/not adopted/),
    })
    expect(await mixed.count()).toBe(0)
  })

  test('in adopt-write, where both are encrypted', async () => {
    const mixed = await start('adopt-write')
    const { id } = await mixed.save(mixed.create({ coded: 'hunter2', added: 'hunter3' }))
    expect(await mixed.findOneByOrFail({ id })).toMatchObject({ coded: 'hunter2', added: 'hunter3' })
    expect(await dumpDatabase(database.client)).not.toContain('hunter')
  })
})
