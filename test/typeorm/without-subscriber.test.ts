import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { DataSource, Equal, IsNull, Like } from 'typeorm'
import { EncryptedValue } from '../../src/typeorm/index.js'
import { encryptedDataSource } from './data-source.js'
import { Credential, Token } from './entities.js'
import { expectRefused, failureOf } from './refusal.js'
import { newCanary, suite } from './suite.js'

const s = suite([Credential, Token])
const tenantId = randomUUID()
const open: DataSource[] = []
const variants = new Map<string, DataSource>()

beforeAll(async () => {
  const options = { logging: 'all', logger: s.log, synchronize: false } as const
  const plain = new DataSource({ type: 'postgres', url: s.database.url, entities: [Credential, Token], ...options })
  open.push(await plain.initialize())
  variants.set('a DataSource without withEncryption()', plain)

  const cipher = () => {
    throw new Error('nobody asks for the cipher')
  }
  const emptied = await encryptedDataSource(s.database, [Credential, Token], {
    typeorm: options,
    encryption: { cipher },
    initialize: false,
  })
  // As migration:run, schema:sync and their like do before they initialise.
  emptied.dataSource.setOptions({ subscribers: [], synchronize: false, migrationsRun: false, dropSchema: false })
  open.push(await emptied.dataSource.initialize())
  variants.set('a DataSource whose subscribers were emptied', emptied.dataSource)
})
afterAll(async () => {
  for (const dataSource of open) await dataSource.destroy()
})

type Attempt = (dataSource: DataSource, canary: string, id: string) => Promise<unknown>
const attempts: Record<string, Attempt> = {
  'save() of a new row': ({ manager }, canary) =>
    manager.save(Credential, { tenantId, password: canary } as Credential),
  'save() of an existing row': ({ manager }, canary, id) => manager.save(Credential, { id, password: canary }),
  'save() of json': ({ manager }, canary, id) => manager.save(Credential, { id, settings: { a: canary } }),
  'save() of a lazy field': ({ manager }, canary, id) => manager.save(Credential, { id, oauth: { access: canary } }),
  'save() of an EncryptedValue of a plaintext': ({ manager }, canary, id) =>
    manager.save(Credential, { id, oauth: EncryptedValue.of({ access: canary }) }),
  'save() of bytes': ({ manager }, canary, id) => manager.save(Credential, { id, certificate: Buffer.from(canary) }),
  'insert()': ({ manager }, canary) => manager.insert(Credential, { tenantId, password: canary }),
  'update()': ({ manager }, canary, id) => manager.update(Credential, id, { password: canary }),
  'upsert()': ({ manager }, canary) =>
    manager.upsert(Credential, { tenantId, name: randomUUID(), password: canary }, ['name']),
  'a query builder': (dataSource, canary, id) =>
    dataSource
      .createQueryBuilder()
      .update(Credential)
      .set({ endpoint: { secret: canary } })
      .where({ id })
      .execute(),
  'a condition': ({ manager }, canary) => manager.findBy(Credential, { password: canary }),
  'Like()': ({ manager }, canary) => manager.findBy(Credential, { password: Like(`${canary}%`) }),
  'a condition of delete()': ({ manager }, canary) => manager.delete(Credential, { password: Equal(canary) }),
}

for (const variant of ['a DataSource without withEncryption()', 'a DataSource whose subscribers were emptied']) {
  for (const [name, attempt] of Object.entries(attempts)) {
    test(`${variant}: ${name} is refused before it is sent`, async () => {
      const canary = newCanary()
      const { id } = await s.dataSource.manager.save(Credential, { tenantId, password: 'before' } as Credential)
      await expectRefused(s, canary, () => attempt(variants.get(variant) as DataSource, canary, id))
    })
  }

  test(`${variant}: reads give EncryptedValues that say what is missing`, async () => {
    const { manager } = variants.get(variant) as DataSource
    const { id } = await s.dataSource.manager.save(Credential, { tenantId, password: 'p' } as Credential)
    const found = await manager.findOneByOrFail(Credential, { id })
    expect(found.password).toBeInstanceOf(EncryptedValue)
    const decrypt = () => (found.password as unknown as EncryptedValue).decrypt()
    expect(await failureOf(decrypt)).toMatchObject({ code: 'ERR_CONFIGURATION' })
    expect(await manager.countBy(Credential, { id, settings: IsNull() })).toBe(1)
  })

  test(`${variant}: what concerns no field is written`, async () => {
    const { manager } = variants.get(variant) as DataSource
    const { id } = await s.dataSource.manager.save(Credential, { tenantId, password: 'p' } as Credential)
    const name = randomUUID()
    await manager.save(Credential, { id, name })
    await manager.softDelete(Credential, { id })
    await manager.restore(Credential, { id })
    const found = await s.dataSource.manager.findOneByOrFail(Credential, { id })
    expect([found.name, found.password]).toEqual([name, 'p'])
  })

  test(`${variant}: a loaded entity is saved with its ciphertexts as they are`, async () => {
    const { manager } = variants.get(variant) as DataSource
    const { id } = await s.dataSource.manager.save(Credential, { tenantId, password: 'p' } as Credential)
    const found = await manager.findOneByOrFail(Credential, { id })
    found.name = randomUUID()
    await manager.save(found)
    const again = await s.dataSource.manager.findOneByOrFail(Credential, { id })
    expect([again.name, again.password]).toEqual([found.name, 'p'])
  })
}
