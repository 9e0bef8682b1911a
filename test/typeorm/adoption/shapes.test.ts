import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import {
  ChildEntity,
  Column,
  type DataSource,
  Entity,
  EntitySchema,
  type EntitySchemaColumnOptions,
  ManyToOne,
  type ObjectLiteral,
  OneToMany,
  PrimaryGeneratedColumn,
  type Relation,
  TableInheritance,
} from 'typeorm'
import { datedReader } from '../../../src/adoption/index.js'
import type { EncryptionMode } from '../../../src/postgres/index.js'
import { FaultyProvider } from '../../../src/testing/index.js'
import { Encrypted, EncryptionMetadata, encryptedColumn, encryptionMetadataColumn } from '../../../src/typeorm/index.js'
import { type FreshDatabase, freshDatabase } from '../../setup/database.js'
import { encryptedDataSource } from '../data-source.js'
import { READERS, UNTIL } from './legacy-account.js'

let database: FreshDatabase
const started: DataSource[] = []
const provider = new FaultyProvider()

beforeEach(async () => {
  database = await freshDatabase()
})
afterEach(async () => {
  for (const dataSource of started.splice(0)) await dataSource.destroy()
  await database.drop()
})

type Target = EntitySchema | (new () => object)

async function start(mode: EncryptionMode, entities: readonly Target[]): Promise<DataSource> {
  const guard = started.length === 0 ? 'install' : 'require'
  const made = await encryptedDataSource(database, entities, {
    provider,
    encryption: { mode, guard },
    typeorm: { synchronize: false },
  })
  started.push(made.dataSource)
  return made.dataSource
}

const row = async (query: string) => (await database.client.query(query)).rows

class Endpoint {
  @Encrypted({ name: 'endpoint_encrypted', nullable: true, adopt: { source: 'endpoint', readers: READERS } })
  secret!: string | null

  @Column('text', { nullable: true })
  host!: string | null
}

@Entity('login')
@TableInheritance({ column: { type: 'text', name: 'kind' } })
class Login {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Encrypted({ name: 'password_encrypted', adopt: { source: 'password', readers: READERS } })
  password!: string

  @Column(() => Endpoint)
  endpoint!: Endpoint

  @EncryptionMetadata({ entity: 'login' })
  encryptionMetadata!: unknown

  @OneToMany(
    () => Token,
    (token) => token.login,
    { cascade: true },
  )
  tokens!: Relation<Token>[]
}

@ChildEntity('mail')
class MailLogin extends Login {
  @Encrypted({ name: 'code_encrypted', nullable: true, adopt: { source: 'code', readers: READERS } })
  code!: string | null
}

@Entity('token')
class Token {
  @PrimaryGeneratedColumn('uuid')
  id!: string

  @Encrypted({ adopt: { placement: 'inPlace', readers: READERS } })
  value!: string

  @EncryptionMetadata({ entity: 'token' })
  encryptionMetadata!: unknown

  @ManyToOne(
    () => Login,
    (login) => login.tokens,
  )
  login!: Relation<Login> | null
}

const LOGINS = `CREATE TABLE login (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), kind text NOT NULL, password text NOT NULL,
    endpoint varchar(50), "endpointHost" text, code text, password_encrypted text, endpoint_encrypted text,
    "endpointEndpoint_encrypted" text, code_encrypted text, encryption_metadata jsonb NOT NULL DEFAULT '{}');
  CREATE TABLE token (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), value text NOT NULL,
    encryption_metadata jsonb NOT NULL DEFAULT '{}', "loginId" uuid)`

test('inheritance, embedded columns, relations and cascades go through the stages', async () => {
  await database.client.query(LOGINS)
  const read = await start('adopt-read', [Login, MailLogin, Token])
  const write = await start('adopt-write', [Login, MailLogin, Token])
  const values = () => ({
    password: 'p',
    code: 'c',
    endpoint: { secret: 's', host: 'h' },
    tokens: [{ value: 'one' }, { value: 'two' }],
  })
  const logins = read.getRepository(MailLogin)
  const { id } = await logins.save(logins.create(values()))
  expect(await row('SELECT password, endpoint, code, encryption_metadata FROM login')).toEqual([
    { password: 'p', endpoint: 's', code: 'c', encryption_metadata: {} },
  ])

  const found = await write.getRepository(Login).findOneOrFail({ where: { id }, relations: { tokens: true } })
  expect(found).toMatchObject({ password: 'p', code: 'c', endpoint: { secret: 's' } })
  expect(found.tokens.map(({ value }) => value).sort()).toEqual(['one', 'two'])
  for (const token of found.tokens) token.value += '!'
  found.endpoint.secret = 'changed'
  await write.getRepository(Login).save(found)

  const [stored] = await row('SELECT * FROM login')
  expect(stored).toMatchObject({ password: 'p', endpoint: 'changed', code: 'c' })
  expect(Object.values(stored as object).filter((value) => String(value).startsWith('ws1:'))).toHaveLength(3)
  expect(await row("SELECT 1 FROM token WHERE value LIKE 'ws1:%'")).toHaveLength(2)
  const again = await read.getRepository(Login).findOneOrFail({ where: { id }, relations: { tokens: true } })
  expect(again).toMatchObject({ password: 'p', code: 'c', endpoint: { secret: 'changed', host: 'h' } })
  expect(again.tokens.map(({ value }) => value).sort()).toEqual(['one!', 'two!'])
})

test('several rows of one save are each written as their metadata says', async () => {
  await database.client.query(LOGINS)
  const read = await start('adopt-read', [Login, MailLogin, Token])
  const write = await start('adopt-write', [Login, MailLogin, Token])
  const tokens = read.getRepository(Token)
  const plain = await tokens.save([1, 2, 3].map((n) => tokens.create({ value: `same ${n % 2}` })))
  const encrypted = await write.getRepository(Token).save([4, 5].map((n) => tokens.create({ value: `same ${n % 2}` })))
  const all = await tokens.find()
  expect(all).toHaveLength(5)
  // Equal values, as parameters of one statement and of several.
  await tokens.save(all.map((token) => Object.assign(token, { value: 'same' })))
  expect(await row("SELECT 1 FROM token WHERE value = 'same' AND encryption_metadata = '{}'")).toHaveLength(
    plain.length,
  )
  expect(await row("SELECT 1 FROM token WHERE value LIKE 'ws1:%'")).toHaveLength(encrypted.length)
  expect((await write.getRepository(Token).find()).map(({ value }) => value)).toEqual(Array(5).fill('same'))
})

test('an EntitySchema, and a reader that looks at further columns', async () => {
  await database.client.query(`CREATE TABLE secret (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), old text, new text,
    is_encrypted boolean NOT NULL, legacy jsonb NOT NULL, encryption_metadata jsonb NOT NULL DEFAULT '{}')`)
  const passphrase = { variable: 'TEST_ONLY_PASSPHRASE' }
  const kdf = { name: 'scrypt', salt: 'salt', cost: 16, blockSize: 8, parallelization: 1 } as const
  const flagged = datedReader({
    ...{ name: 'flagged', until: UNTIL, passphrase, kdf, flag: 'is_encrypted', metadata: 'legacy' },
    ...{ iv: ['iv'], encoding: 'base64' },
  } as never)
  const Secret = new EntitySchema<ObjectLiteral>({
    name: 'secret',
    columns: {
      id: { type: 'uuid', primary: true, generated: 'uuid' },
      value: encryptedColumn({ name: 'new', nullable: true, adopt: { source: 'old', readers: [flagged, ...READERS] } }),
      isEncrypted: { type: 'boolean', name: 'is_encrypted' },
      legacy: { type: 'jsonb' },
      encryptionMetadata: encryptionMetadataColumn({ entity: 'secret' }),
    } as Record<string, EntitySchemaColumnOptions> as never,
  })
  const secrets = (await start('adopt-write', [Secret])).getRepository(Secret)
  const id = randomUUID()
  await database.client.query("INSERT INTO secret (id, old, is_encrypted, legacy) VALUES ($1, 'open', false, '{}')", [
    id,
  ])
  const found = await secrets.findOneByOrFail({ id })
  expect(found.value).toBe('open')
  await secrets.save(Object.assign(found, { value: 'changed' }))
  const [stored] = await row('SELECT * FROM secret')
  expect(stored).toMatchObject({ old: 'changed', new: expect.stringMatching(/^ws1:/) })
  expect((await secrets.findOneByOrFail({ id })).value).toBe('changed')
})
