import { randomUUID } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { Column, DataSource, DefaultNamingStrategy, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm'
import { Encrypted, EncryptionMetadata, StoredEnvelope, updateEncrypted } from '../../src/typeorm/index.js'
import { freshDatabase } from '../setup/database.js'
import { encryptedDataSource } from './data-source.js'
import {
  BigKey,
  BoundPersonSecret,
  GivenKey,
  NamedKey,
  Person,
  PersonSecret,
  RegionalKey,
  SerialSecret,
  SlotSecret,
  VaultKey,
} from './keyed-entities.js'
import { failureOf } from './refusal.js'
import { newCanary, suite } from './suite.js'

const s = suite(
  [
    BigKey,
    BoundPersonSecret,
    GivenKey,
    NamedKey,
    Person,
    PersonSecret,
    RegionalKey,
    SerialSecret,
    SlotSecret,
    VaultKey,
  ],
  { prepare: ({ client }) => client.query('create schema vault') },
)
const tenantId = randomUUID()
const manager = () => s.dataSource.manager
/** The pairs that the data key of the last insert was bound to at the KMS. */
const lastContext = () =>
  s.encrypted.ledger.entries.filter(({ operation }) => operation === 'generateDataKey').at(-1)?.context

s.encrypts('a composite key is bound in the declared order', async (canary) => {
  const orgId = randomUUID()
  await manager().save(SlotSecret, { orgId, slot: 7, secret: canary } as SlotSecret)
  expect(lastContext()).toMatchObject({ 'waxseal-row': JSON.stringify(['7', orgId]) })
  expect((await manager().findOneByOrFail(SlotSecret, { orgId, slot: 7 })).secret).toBe(canary)
  await updateEncrypted(s.dataSource.getRepository(SlotSecret), { orgId, slot: 7 }, { slot: 8 })
  expect((await manager().findOneByOrFail(SlotSecret, { orgId, slot: 8 })).secret).toBe(canary)
  expect(await manager().findOneBy(SlotSecret, { orgId, slot: 7 })).toBeNull()
})

s.encrypts('the uuid part of a composite key is assigned where it is missing', async (canary) => {
  const saved = await manager().save(SlotSecret, { slot: 1, secret: canary } as SlotSecret)
  expect(saved.orgId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  expect((await manager().findOneByOrFail(SlotSecret, { orgId: saved.orgId })).secret).toBe(canary)
})

s.encrypts('a uuid key that is given is kept, in whatever case', async (canary) => {
  const id = randomUUID()
  await manager().save(GivenKey, { id: id.toUpperCase(), secret: canary } as GivenKey)
  const found = await manager().findOneByOrFail(GivenKey, { id })
  expect([found.id, found.secret]).toEqual([id, canary])
  await manager().insert(GivenKey, { id: randomUUID().toUpperCase(), secret: canary })
})

s.encrypts('a uuid key that is not given is assigned, as a UUIDv7', async (canary) => {
  const saved = await manager().save(GivenKey, { secret: canary } as GivenKey)
  expect(saved.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect((await manager().findOneByOrFail(GivenKey, { id: saved.id })).secret).toBe(canary)
})

for (const [type, target, key] of [
  ['text', NamedKey, { name: 'Ünïcode "quoted" \u2028 name' }],
  ['bigint', BigKey, { id: '9007199254740993' }],
] as const) {
  s.encrypts(`a ${type} key is bound exactly`, async (canary) => {
    const repository = s.dataSource.getRepository<{ secret: string }>(target)
    await repository.save({ ...key, secret: canary })
    expect((await repository.findOneByOrFail(key as never)).secret).toBe(canary)
  })
}

s.encrypts('a serial key is not bound, and its rows are bound to their tenant', async (canary) => {
  const serials = s.dataSource.getRepository(SerialSecret)
  const saved = await serials.save([{ tenantId, secret: canary }, { tenantId }, { tenantId, secret: `${canary} 3` }])
  expect(lastContext()).not.toHaveProperty('waxseal-row')
  expect(lastContext()).toMatchObject({ tenant: tenantId })
  expect((await serials.findOneByOrFail({ id: saved[0]!.id })).secret).toBe(canary)
  await serials.insert({ id: 9_000, tenantId, secret: canary })
  const updated = await updateEncrypted(serials, saved[2]!.id, { tenantId: randomUUID() })
  expect(updated.secret).toBe(`${canary} 3`)
})

s.encrypts('a key shared with a parent that is saved with it needs no binding', async (canary) => {
  const saved = await manager().save(PersonSecret, { person: {}, tenantId, secret: canary } as PersonSecret)
  expect((await manager().findOneByOrFail(PersonSecret, { personId: saved.person.id })).secret).toBe(canary)
})

test('a bound key shared with a parent that the database numbers is refused until the parent is stored', async () => {
  const canary = newCanary()
  const secret = { person: {}, secret: canary } as BoundPersonSecret
  expect(await failureOf(() => manager().save(BoundPersonSecret, secret))).toMatchObject({ code: 'ERR_CONFIGURATION' })
  expect(secret.secret).toBe(canary)
  const orphan = { secret: canary } as BoundPersonSecret
  expect(await failureOf(() => manager().save(BoundPersonSecret, orphan))).toMatchObject({ code: 'ERR_CONFIGURATION' })
  const person = await manager().save(Person, {} as Person)
  await manager().save(BoundPersonSecret, { person, secret: canary } as BoundPersonSecret)
  expect((await manager().findOneByOrFail(BoundPersonSecret, { personId: person.id })).secret).toBe(canary)
})

s.encrypts('a table in another schema, with other names for its columns, is protected', async (canary) => {
  const saved = await manager().save(VaultKey, { tenantId, secret: canary } as VaultKey)
  expect((await manager().findOneByOrFail(VaultKey, { id: saved.id })).secret).toBe(canary)
  await manager().save(VaultKey, { id: saved.id, secret: `${canary} again` })
  expect((await manager().findOneByOrFail(VaultKey, { id: saved.id })).secret).toBe(`${canary} again`)
  const raw = () => s.dataSource.query('update vault.stored_key set "cipher text" = $1', ['x'])
  expect(await failureOf(raw)).toMatchObject({ code: 'ERR_PLAINTEXT_REFUSED' })
  const moved = await updateEncrypted(s.dataSource.getRepository(VaultKey), saved.id, { tenantId: randomUUID() })
  expect(moved.secret).toBe(`${canary} again`)
})

s.encrypts('integer and varchar columns are bound as contexts', async (canary) => {
  const values = { region: -3, customer: 'Ä & co', secret: canary } as RegionalKey
  const { id } = await manager().save(RegionalKey, values)
  expect(lastContext()).toMatchObject({ region: '-3', customer: 'Ä & co' })
  expect((await manager().findOneByOrFail(RegionalKey, { id })).secret).toBe(canary)
})

test('a missing context is refused before anything is written', async () => {
  const canary = newCanary()
  for (const values of [
    { secret: canary, region: 1 },
    { secret: canary, region: null, customer: 'c' },
  ]) {
    expect(await failureOf(() => manager().save(RegionalKey, values as never))).toMatchObject({
      code: 'ERR_CONFIGURATION',
    })
  }
})

test('a trigger that gives the row another key makes the save fail, and the row is not stored', async () => {
  const { client } = s.database
  await client.query(`
    create function other_key() returns trigger language plpgsql as $$ begin new.id := gen_random_uuid(); return new; end $$;
    create trigger other_key before insert on regional_key for each row execute function other_key()`)
  try {
    const values = { region: 1, customer: 'other key', secret: newCanary() } as RegionalKey
    expect(await failureOf(() => manager().save(RegionalKey, values))).toMatchObject({ code: 'ERR_INVALID_ENVELOPE' })
    expect(await manager().countBy(RegionalKey, { customer: 'other key' })).toBe(0)
  } finally {
    await client.query('drop function other_key cascade')
  }
})

/** snake_case, as many projects have it. */
class SnakeCase extends DefaultNamingStrategy {
  override tableName(className: string, customName: string): string {
    return customName ?? snake(className)
  }

  override columnName(propertyName: string, customName: string, prefixes: string[]): string {
    return [...prefixes, customName ?? propertyName].map(snake).join('_')
  }
}

const snake = (name: string) => name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase()

class Account {
  @Encrypted()
  appPassword!: string
}

@Entity()
class MailServer {
  @PrimaryGeneratedColumn('uuid')
  serverId!: string

  @Column('uuid')
  tenantId!: string

  @Column(() => Account)
  mainAccount!: Account

  @EncryptionMetadata({ entity: 'mail-server', context: { tenant: 'tenantId' } })
  encryptionMetadata!: StoredEnvelope
}

/** The same table and logical names, after a renaming of class, property and column. */
@Entity('mail_server')
class SmtpServer {
  @PrimaryColumn('uuid', { name: 'server_id' })
  id!: string

  @Column('uuid', { name: 'tenant_id' })
  owner!: string

  @Encrypted({ id: 'mail-server.mainAccount.appPassword', name: 'smtp_password' })
  password!: string

  @EncryptionMetadata({ entity: 'mail-server', context: { tenant: 'owner' } })
  encryptionMetadata!: StoredEnvelope
}

test('a naming strategy names the columns, and a renaming of class, property and column loses nothing', async () => {
  const database = await freshDatabase()
  const open: DataSource[] = []
  try {
    const canary = newCanary()
    const before = await encryptedDataSource(database, [MailServer], { typeorm: { namingStrategy: new SnakeCase() } })
    open.push(before.dataSource)
    const servers = before.dataSource.getRepository(MailServer)
    const saved = await servers.save({ tenantId, mainAccount: { appPassword: canary } } as MailServer)
    const { rows } = await database.client.query('select main_account_app_password as field from mail_server')
    expect(rows[0].field).toMatch(/^ws1:/)

    await database.client.query('alter table mail_server rename column main_account_app_password to smtp_password')
    const after = await encryptedDataSource(database, [SmtpServer], {
      typeorm: { synchronize: false },
      encryption: { cipher: before.cipher },
    })
    open.push(after.dataSource)
    const renamed = after.dataSource.getRepository(SmtpServer)
    expect((await renamed.findOneByOrFail({ id: saved.serverId })).password).toBe(canary)
    await renamed.save({ id: saved.serverId, password: `${canary} again` })
    expect((await renamed.findOneByOrFail({ id: saved.serverId })).password).toBe(`${canary} again`)
  } finally {
    for (const dataSource of open) await dataSource.destroy()
    await database.drop()
  }
})
