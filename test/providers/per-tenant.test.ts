import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { DataSource, type Repository } from 'typeorm'
import { PerContextProvider } from '../../src/kms/index.js'
import { type KmsProviderUnderTest, startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { encryptedDataSource } from '../typeorm/data-source.js'
import { Credential, Token } from '../typeorm/entities.js'
import { failureOf } from '../typeorm/refusal.js'
import { awsUnderTest } from './aws-under-test.js'
import { ControlledLocalProvider } from './controlled-local-provider.js'
import { vaultUnderTest } from './vault-under-test.js'

let aws: TestKmsServer
let vault: TestKmsServer
beforeAll(async () => {
  ;[aws, vault] = await Promise.all([startTestKms('aws'), startTestKms('vault')])
})
afterAll(async () => {
  await Promise.all([aws.close(), vault.close()])
})

type Tenant = Pick<KmsProviderUnderTest, 'provider' | 'control'>

const KMS: Readonly<Record<string, () => Promise<Tenant>>> = {
  local: async () => {
    const provider = new ControlledLocalProvider()
    return { provider, control: provider.control }
  },
  aws: () => awsUnderTest(aws),
  vault: () => vaultUnderTest(vault),
}

for (const [name, create] of Object.entries(KMS)) {
  test(`${name}: a tenant's KEK that is destroyed takes their rows and every backup of them, and nobody else's`, async () => {
    const [acme, other] = [randomUUID(), randomUUID()]
    const tenants = new Map<string, Tenant>([
      [acme, await create()],
      [other, await create()],
    ])
    const provider = new PerContextProvider({ name, pair: 'tenant', provider: (value) => tenants.get(value)?.provider })
    const service = await started(provider)
    const ids = { acme: await service.insert(acme), other: await service.insert(other) }
    const backup = await service.dump()

    const keks = await tenants.get(acme)!.provider.currentKek({})
    await tenants.get(acme)!.control.destroy(keks)

    expect(await failureOf(() => service.read(ids.acme))).toMatchObject({ code: 'ERR_KEK_UNAVAILABLE' })
    expect(await failureOf(() => service.insert(acme))).toMatchObject({ code: 'ERR_KEK_UNAVAILABLE' })
    expect(await service.read(ids.other)).toBe(`password of ${other}`)
    expect(await service.read(await service.insert(other))).toBe(`password of ${other}`)
    await service.stop()

    const restored = await started(provider, backup)
    expect(await failureOf(() => restored.read(ids.acme))).toMatchObject({ code: 'ERR_KEK_UNAVAILABLE' })
    expect(await restored.read(ids.other)).toBe(`password of ${other}`)
    await restored.stop()
  })

  test(`${name}: a tenant that nobody made a KEK for has none`, async () => {
    const service = await started(new PerContextProvider({ name, pair: 'tenant', provider: () => undefined }))
    expect(await failureOf(() => service.insert(randomUUID()))).toMatchObject({ code: 'ERR_KEK_UNAVAILABLE' })
    await service.stop()
  })
}

/** An application over a new database, which may begin with the rows of a backup. */
async function started(provider: PerContextProvider, backup = '[]') {
  const database: FreshDatabase = await freshDatabase()
  const { dataSource } = await encryptedDataSource(database, [Credential, Token], {
    cipher: { provider, cache: false },
  })
  const credentials: Repository<Credential> = (dataSource as DataSource).getRepository(Credential)
  await database.client.query(
    'INSERT INTO credential SELECT * FROM jsonb_populate_recordset(null::credential, $1::jsonb)',
    [backup],
  )
  return {
    async insert(tenantId: string): Promise<string> {
      return (await credentials.save(credentials.create({ tenantId, password: `password of ${tenantId}` }))).id
    },
    read: async (id: string) => (await credentials.findOneByOrFail({ id })).password,
    async dump(): Promise<string> {
      const { rows } = await database.client.query('SELECT jsonb_agg(credential)::text AS dump FROM credential')
      return rows[0].dump
    },
    async stop() {
      await dataSource.destroy()
      await database.drop()
    },
  }
}
