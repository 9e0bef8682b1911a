import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { EntitySchema, type Repository } from 'typeorm'
import type { KmsOperation } from '../../src/kms/call-ledger.js'
import { readEnvelopes, rewrapRows, type StoredRow } from '../../src/postgres/index.js'
import {
  decryptAll,
  EncryptedValue,
  encryptedColumn,
  encryptionMetadataColumn,
  protectedTableOf,
  type StoredEnvelope,
  updateEncrypted,
  upsertEncrypted,
} from '../../src/typeorm/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { type EncryptedDataSource, encryptedDataSource } from './data-source.js'
import { type CacheState, type Calls, type FieldMode, KMS_CALLS, type Operation } from './kms-call-table.js'

interface Account {
  id: string
  tenantId: string
  name: string
  user: EncryptedValue<string> | string | null
  password: EncryptedValue<string> | string | null
  deletedAt: Date | null
  encryptionMetadata: StoredEnvelope
  parent: Account | null
  children: Account[]
}

function accountSchema(mode: FieldMode): EntitySchema<Account> {
  const lazy = mode === 'lazy'
  return new EntitySchema<Account>({
    name: mode,
    columns: {
      id: { type: 'uuid', primary: true, generated: 'uuid' },
      tenantId: { type: 'uuid' },
      name: { type: 'text', unique: true },
      user: encryptedColumn({ lazy, nullable: true }),
      password: encryptedColumn({ lazy, nullable: true }),
      deletedAt: { type: 'timestamptz', deleteDate: true, nullable: true },
      encryptionMetadata: encryptionMetadataColumn({ entity: mode, context: { tenant: 'tenantId' } }),
    },
    relations: {
      parent: { type: 'many-to-one', target: mode, inverseSide: 'children', nullable: true },
      children: { type: 'one-to-many', target: mode, inverseSide: 'parent' },
    },
  })
}

const MODES: readonly FieldMode[] = ['transparent', 'lazy']
const STATES: readonly CacheState[] = ['warm', 'cold', 'off']
const SCHEMAS = { transparent: accountSchema('transparent'), lazy: accountSchema('lazy') }

let database: FreshDatabase
let cached: EncryptedDataSource
let uncached: EncryptedDataSource

beforeAll(async () => {
  database = await freshDatabase()
  // A thousand data keys in one operation: a busy machine may need longer than an application would wait.
  const encryption = { timeoutMs: 60_000 }
  cached = await encryptedDataSource(database, Object.values(SCHEMAS), { encryption })
  uncached = await encryptedDataSource(database, Object.values(SCHEMAS), { encryption, cipher: { cache: false } })
})

afterAll(async () => {
  await cached?.dataSource.destroy()
  await uncached?.dataSource.destroy()
  await database?.drop()
})

const newAccount = () => ({ tenantId: randomUUID(), name: randomUUID(), user: 'u', password: 'p' })

/** Saves a row and loads it again. */
async function loaded(accounts: Repository<Account>): Promise<Account> {
  const { id } = await accounts.save(newAccount() as Account)
  return accounts.findOneByOrFail({ id })
}

/** Saves three rows, and reads them as a rotation does. */
async function storedAccounts(accounts: Repository<Account>) {
  const table = protectedTableOf(accounts.manager.connection, accounts.target)
  const saved = await accounts.save([newAccount(), newAccount(), newAccount()] as Account[])
  const ids = new Set(saved.map(({ id }) => id))
  const rows: StoredRow[] = []
  for await (const batch of readEnvelopes(database.client, table)) rows.push(...batch)
  return { table, rows: rows.filter(({ primaryKey }) => ids.has(primaryKey.id!)) }
}

type Act = () => Promise<unknown>

/** Each sets the stage and returns what is counted. */
const OPERATIONS: Record<
  Operation,
  (accounts: Repository<Account>, encrypted: EncryptedDataSource) => Promise<readonly Act[]>
> = {
  '`save()` or `insert()` of a new row': async (accounts) => [
    () => accounts.save(newAccount() as Account),
    () => accounts.insert(newAccount() as Account),
  ],
  '`insert()` of 3 rows': async (accounts) => [
    () => accounts.insert([newAccount(), newAccount(), newAccount()] as Account[]),
  ],
  '`save()` of a new row whose fields are null': async (accounts) => [
    () => accounts.save({ ...newAccount(), user: null, password: null } as Account),
  ],
  '`find()` of 1,000 rows': async (accounts) => {
    const tenantId = randomUUID()
    await accounts.insert(Array.from({ length: 1000 }, () => ({ ...newAccount(), tenantId })) as Account[])
    return [async () => expect(await accounts.findBy({ tenantId })).toHaveLength(1000)]
  },
  '`find()` of a row with 2 joined rows': async (accounts) => {
    const parent = await accounts.save(newAccount() as Account)
    await accounts.save([1, 2].map(() => ({ ...newAccount(), parent }) as Account))
    return [() => accounts.findOneOrFail({ where: { id: parent.id }, relations: { children: true } })]
  },
  '`find()` without encrypted fields in `select`, `count()`, `exists()`, `getRawMany()`': async (accounts) => {
    const { id } = await loaded(accounts)
    return [
      () => accounts.find({ where: { id }, select: { id: true, name: true } }),
      () => accounts.countBy({ id }),
      () => accounts.existsBy({ id }),
      () => accounts.createQueryBuilder('a').where({ id }).getRawMany(),
    ]
  },
  '`decrypt()` of one lazy field': async (accounts) => {
    const { password } = await loaded(accounts)
    return [() => (password as EncryptedValue).decrypt()]
  },
  '`decrypt()` of both lazy fields of a row': async (accounts) => {
    const { user, password } = await loaded(accounts)
    return [() => Promise.all([user, password].map((value) => (value as EncryptedValue).decrypt()))]
  },
  '`decryptAll()` of 3 rows': async (accounts) => {
    const tenantId = randomUUID()
    await accounts.insert([1, 2, 3].map(() => ({ ...newAccount(), tenantId })) as Account[])
    const rows = await accounts.createQueryBuilder('a').where({ tenantId }).callListeners(false).getMany()
    return [() => decryptAll(accounts, rows)]
  },
  '`save()` of an unchanged row': async (accounts) => {
    const account = await loaded(accounts)
    return [() => accounts.save(account)]
  },
  '`save()` that changes no encrypted field': async (accounts) => {
    const account = await loaded(accounts)
    const { id } = account
    return [
      () => accounts.save(Object.assign(account, { name: randomUUID() })),
      () => accounts.save({ id, name: randomUUID() } as Account),
    ]
  },
  '`save()` that changes one field': async (accounts) => {
    const account = await loaded(accounts)
    const { id } = account
    return [
      () => accounts.save(Object.assign(account, { password: 'changed' })),
      () => accounts.save({ id, password: 'changed again' } as Account),
    ]
  },
  '`save()` that changes every field': async (accounts) => {
    const account = await loaded(accounts)
    return [() => accounts.save(Object.assign(account, { user: 'changed', password: 'changed' }))]
  },
  '`save()` that sets one field or every field to null': async (accounts) => {
    const one = await loaded(accounts)
    const all = await loaded(accounts)
    return [
      () => accounts.save(Object.assign(one, { user: null })),
      () => accounts.save(Object.assign(all, { user: null, password: null })),
    ]
  },
  '`save()` that changes a context column': async (accounts) => {
    const account = await loaded(accounts)
    return [() => accounts.save(Object.assign(account, { tenantId: randomUUID() }))]
  },
  '`updateEncrypted()` of one field': async (accounts) => {
    const { id } = await loaded(accounts)
    return [() => updateEncrypted(accounts, id, { password: 'changed' })]
  },
  '`updateEncrypted()` of the primary key': async (accounts) => {
    const { id } = await loaded(accounts)
    return [() => updateEncrypted(accounts, id, { id: randomUUID() })]
  },
  '`upsertEncrypted()` that inserts': async (accounts) => [() => upsertEncrypted(accounts, newAccount(), ['name'])],
  '`upsertEncrypted()` that changes one field': async (accounts) => {
    const { name } = await loaded(accounts)
    return [() => upsertEncrypted(accounts, { name, password: 'changed' }, ['name'])]
  },
  '`update()` of other columns, or of a field to null': async (accounts) => {
    const { id } = await loaded(accounts)
    return [() => accounts.update(id, { name: randomUUID() }), () => accounts.update(id, { user: null })]
  },
  '`remove()` or `softRemove()` of a row': async (accounts) => {
    const [removed, softRemoved] = [await loaded(accounts), await loaded(accounts)]
    return [() => accounts.remove(removed), () => accounts.softRemove(softRemoved)]
  },
  '`delete()`, `softDelete()`, `restore()`': async (accounts) => {
    const { id } = await loaded(accounts)
    return [() => accounts.softDelete(id), () => accounts.restore(id), () => accounts.delete(id)]
  },
  '`rewrapRows()` of 3 stale rows': async (accounts, encrypted) => {
    const { table, rows } = await storedAccounts(accounts)
    encrypted.provider.kms.rotate()
    const rewrap = () => rewrapRows(database.client, table, rows, encrypted.cipher)
    return [async () => expect(await rewrap()).toMatchObject({ rewrapped: 3 })]
  },
  '`rewrapRows()` of 3 rows under the current KEK': async (accounts, encrypted) => {
    const { table, rows } = await storedAccounts(accounts)
    const rewrap = () => rewrapRows(database.client, table, rows, encrypted.cipher)
    return [async () => expect(await rewrap()).toMatchObject({ current: 3 })]
  },
}

const NAMES: Record<string, KmsOperation> = { generate: 'generateDataKey' }

function countsOf(calls: Calls): Partial<Record<KmsOperation, number>> {
  if (calls === '0') return {}
  return Object.fromEntries(
    calls.split(' + ').map((part) => {
      const [count, name] = part.split(' ')
      return [NAMES[name!] ?? name, Number(count)]
    }),
  )
}

for (const operation of Object.keys(KMS_CALLS) as Operation[]) {
  describe(operation, () => {
    for (const mode of MODES) {
      for (const state of STATES) {
        const expected = KMS_CALLS[operation][mode]?.[state]
        if (expected === undefined) continue
        test(`${mode}, ${state}: ${expected}`, async () => {
          const encrypted = state === 'off' ? uncached : cached
          const { dataSource, ledger, cipher } = encrypted
          const acts = await OPERATIONS[operation](dataSource.getRepository(SCHEMAS[mode]), encrypted)
          for (const act of acts) {
            if (state === 'cold') cipher.forgetAll()
            ledger.clear()
            await act()
            expect(ledger.counts()).toEqual(countsOf(expected))
          }
        })
      }
    }
  })
}
