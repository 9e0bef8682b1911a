import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { DataSource, EntitySchema, type EntitySubscriberInterface, EventSubscriber } from 'typeorm'
import { EnvelopeCipher, InMemoryCallLedger, RecordingProvider } from '../../src/index.js'
import { FaultyProvider } from '../../src/testing/faulty-provider.js'
import { decryptAll, EncryptedValue, encryptedColumn, withEncryption } from '../../src/typeorm/index.js'
import { expectNoTrace, type FreshDatabase, freshDatabase } from '../setup/database.js'
import { encryptedDataSource } from './data-source.js'
import { READ_ENTITIES, Shop } from './read-entities.js'

let database: FreshDatabase
let other: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
  other = await freshDatabase()
})

afterAll(async () => {
  await database?.drop()
  await other?.drop()
})

const newShop = (apiKey: string) => ({ tenantId: randomUUID(), apiKey, token: apiKey })

/** What `migration:run` and the other commands of TypeORM do before they initialise. */
function asTypeormCommandDoes(dataSource: DataSource): DataSource {
  return dataSource.setOptions({ subscribers: [], synchronize: false, migrationsRun: false, dropSchema: false })
}

test('the cipher function runs at each initialize(), and what was written before is read again', async () => {
  const provider = new FaultyProvider()
  let made = 0
  const cipher = async () => {
    made += 1
    return new EnvelopeCipher({ provider })
  }
  const { dataSource } = await encryptedDataSource(database, READ_ENTITIES, { encryption: { cipher } })
  const { id } = await dataSource.getRepository(Shop).save(newShop('before') as Shop)
  await dataSource.destroy()
  expect(made).toBe(1)
  await dataSource.initialize()
  expect(made).toBe(2)
  expect((await dataSource.getRepository(Shop).findOneByOrFail({ id })).apiKey).toBe('before')
  await dataSource.getRepository(Shop).save(newShop('after') as Shop)
  await dataSource.destroy()
})

test('destroy() closes a cipher that the DataSource made, and not one that it was given', async () => {
  for (const given of [true, false]) {
    const ciphers: EnvelopeCipher[] = []
    const make = () => {
      const cipher = new EnvelopeCipher({ provider: new FaultyProvider() })
      ciphers.push(cipher)
      return cipher
    }
    const encryption = { cipher: given ? make() : make }
    const { dataSource } = await encryptedDataSource(database, READ_ENTITIES, { encryption })
    await dataSource.getRepository(Shop).save(newShop('cached') as Shop)
    expect(ciphers[0]!.cacheStatistics.keys).toBe(1)
    await dataSource.destroy()
    expect(ciphers[0]!.cacheStatistics.keys).toBe(given ? 1 : 0)
    const minted = ciphers[0]!.mint({ entity: 'shop', row: '1', context: {} })
    if (given) await minted
    else await expect(minted).rejects.toMatchObject({ code: 'ERR_CIPHER_CLOSED' })
  }
})

test('destroy() waits for the calls that are on their way, after it took the connections', async () => {
  const provider = new FaultyProvider()
  const ledger = new InMemoryCallLedger()
  const cipher = () => new EnvelopeCipher({ provider: new RecordingProvider(provider, ledger) })
  const { dataSource } = await encryptedDataSource(database, READ_ENTITIES, { encryption: { cipher } })
  let answer: () => void = () => undefined
  const asked = new Promise<void>((resolve) => {
    provider.faults.inject({
      async transport(call, send) {
        resolve()
        await new Promise<void>((answered) => {
          answer = answered
        })
        return send(call.options)
      },
    })
  })
  const saved = dataSource.getRepository(Shop).save(newShop('under way') as Shop)
  const refused = expect(saved).rejects.toMatchObject({ code: 'ERR_ENVELOPE_CHANGED' })
  await asked
  let destroyed = false
  const destroying = dataSource.destroy().then(() => {
    destroyed = true
  })
  try {
    while (dataSource.isInitialized) await setImmediate()
    await setImmediate()
    expect(destroyed).toBe(false)
  } finally {
    answer()
    await Promise.allSettled([destroying, refused])
  }
  await refused
  expect(ledger.entries.map(({ end }) => end?.outcome)).toEqual(['succeeded'])
})

test('a cipher function that fails or returns something else fails the start', async () => {
  const failing = async () => {
    throw new Error('no KMS')
  }
  for (const [cipher, message] of [
    [failing, 'no KMS'],
    [() => ({}), '"cipher" is a function that returned no EnvelopeCipher'],
  ] as const) {
    const started = encryptedDataSource(database, READ_ENTITIES, { encryption: { cipher: cipher as never } })
    await expect(started).rejects.toThrow(message)
  }
})

test('a DataSource that is initialised already is refused', async () => {
  const dataSource = await new DataSource({ type: 'postgres', url: database.url }).initialize()
  const cipher = new EnvelopeCipher({ provider: new FaultyProvider() })
  expect(() => withEncryption(dataSource, { cipher })).toThrow('call it before initialize()')
  await dataSource.destroy()
})

test('two encryption subscribers fail the start', async () => {
  const { dataSource } = await encryptedDataSource(database, READ_ENTITIES, { initialize: false })
  const [Subscriber] = dataSource.options.subscribers as [new () => EntitySubscriberInterface]
  // As if another copy of the library had been asked too.
  class Second extends Subscriber {}
  EventSubscriber()(Second)
  dataSource.setOptions({ subscribers: [Subscriber, Second] })
  await expect(dataSource.initialize()).rejects.toMatchObject({
    code: 'ERR_CONFIGURATION',
    message: expect.stringContaining('expected one encryption subscriber, found 2: call withEncryption once'),
  })
  expect(dataSource.isInitialized).toBe(false)
})

test('DataSources made from one object of options have an encryption each, and the object stays as it was', async () => {
  const options = { type: 'postgres', url: database.url, entities: READ_ENTITIES, synchronize: true } as const
  const before = { ...options }
  const make = () => {
    const cipher = new EnvelopeCipher({ provider: new FaultyProvider() })
    return withEncryption(new DataSource(options as never), { cipher, guard: 'install' })
  }
  const [first, second] = [make(), make()]
  second.setOptions({ url: other.url })
  expect(options).toEqual(before)
  for (const [dataSource, { client }] of [
    [first, database],
    [second, other],
  ] as const) {
    await dataSource.initialize()
    const { id } = await dataSource.getRepository(Shop).save(newShop('x') as Shop)
    expect((await client.query('DELETE FROM shop WHERE id = $1 RETURNING id', [id])).rows).toEqual([{ id }])
    await dataSource.destroy()
  }
})

test('subscribers of the application stay', async () => {
  const events: string[] = []
  @EventSubscriber()
  class Audit implements EntitySubscriberInterface {
    afterInsert(): void {
      events.push('inserted')
    }
  }
  const typeorm = { subscribers: [Audit] }
  const { dataSource } = await encryptedDataSource(database, READ_ENTITIES, { typeorm })
  await dataSource.getRepository(Shop).save(newShop('x') as Shop)
  expect(events).toEqual(['inserted'])
  await dataSource.destroy()
})

test('two DataSources on two databases keep their keys and rows apart', async () => {
  const a = await encryptedDataSource(database, READ_ENTITIES)
  const b = await encryptedDataSource(other, READ_ENTITIES)
  const [inA, inB] = await Promise.all([
    a.dataSource.getRepository(Shop).save(newShop('in a') as Shop),
    b.dataSource.getRepository(Shop).save(newShop('in b') as Shop),
  ])
  for (const { ledger, cipher } of [a, b]) {
    expect(ledger.counts()).toEqual({ generateDataKey: 1 })
    cipher.forgetAll()
  }
  const [fromA, fromB] = await Promise.all([
    a.dataSource.getRepository(Shop).findOneByOrFail({ id: inA.id }),
    b.dataSource.getRepository(Shop).findOneByOrFail({ id: inB.id }),
  ])
  expect([fromA.apiKey, fromB.apiKey]).toEqual(['in a', 'in b'])
  for (const { ledger } of [a, b]) expect(ledger.counts()).toEqual({ generateDataKey: 1, unwrap: 1 })
  // The KMS of one does not open what the other's wrapped.
  const copy = await other.client.query('SELECT * FROM shop')
  const [row] = copy.rows
  await database.client.query(
    'INSERT INTO shop (id, "tenantId", "apiKey", token, encryption_metadata) VALUES ($1, $2, $3, $4, $5)',
    [row.id, row.tenantId, row.apiKey, row.token, row.encryption_metadata],
  )
  await expect(a.dataSource.getRepository(Shop).findOneByOrFail({ id: inB.id })).rejects.toMatchObject({
    code: 'ERR_DECRYPTION_FAILED',
  })
  await database.client.query('DELETE FROM shop WHERE id = $1', [row.id])
  await a.dataSource.destroy()
  expect((await b.dataSource.getRepository(Shop).findOneByOrFail({ id: inB.id })).apiKey).toBe('in b')
  await b.dataSource.destroy()
})

test('without withEncryption, writes are refused and reads give EncryptedValues', async () => {
  const canary = `canary-${randomUUID()}`
  const { dataSource: writer } = await encryptedDataSource(database, READ_ENTITIES)
  const { id } = await writer.getRepository(Shop).save(newShop('theirs') as Shop)
  await writer.destroy()

  const entities = [...READ_ENTITIES] as never[]
  const dataSource = await new DataSource({ type: 'postgres', url: database.url, entities }).initialize()
  const shops = dataSource.getRepository(Shop)
  await expect(shops.save(newShop(canary) as Shop)).rejects.toThrow(/refused to send a value that was not encrypted/)
  expect((await shops.findOneByOrFail({ id })).apiKey).toBeInstanceOf(EncryptedValue)
  await expect(decryptAll(shops, await shops.find())).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
  await dataSource.destroy()
  await expectNoTrace(database.client, canary)
})

test('where a TypeORM command empties the subscribers, nothing asks for the cipher and writes are refused', async () => {
  const canary = `canary-${randomUUID()}`
  const { dataSource: writer } = await encryptedDataSource(database, READ_ENTITIES)
  const { id } = await writer.getRepository(Shop).save(newShop('theirs') as Shop)
  await writer.destroy()

  let asked = false
  const cipher = () => {
    asked = true
    throw new Error('no KMS where migrations run')
  }
  const { dataSource } = await encryptedDataSource(database, READ_ENTITIES, {
    initialize: false,
    encryption: { cipher, guard: 'require' },
  })
  await asTypeormCommandDoes(dataSource).initialize()
  const shops = dataSource.getRepository(Shop)
  await expect(shops.save(newShop(canary) as Shop)).rejects.toThrow(/refused to send a value that was not encrypted/)
  expect((await shops.findOneByOrFail({ id })).apiKey).toBeInstanceOf(EncryptedValue)
  await dataSource.query('SELECT 1')
  await dataSource.destroy()
  expect(asked).toBe(false)
  await expectNoTrace(database.client, canary)
})

test('entities are validated where a TypeORM command empties the subscribers too', async () => {
  const { dataSource } = await encryptedDataSource(database, [], { initialize: false })
  const columns = { id: { type: 'uuid', primary: true }, secret: encryptedColumn() } as never
  dataSource.setOptions({ entities: [new EntitySchema<object>({ name: 'incomplete', columns })] })
  await expect(asTypeormCommandDoes(dataSource).initialize()).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
})
