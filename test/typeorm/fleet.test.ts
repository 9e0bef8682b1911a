import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals'
import { installSchema } from '../../src/lifecycle/index.js'
import type { FleetMode } from '../../src/typeorm/fleet.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { type EncryptedDataSource, encryptedDataSource } from './data-source.js'
import { Credential, Token } from './entities.js'

let database: FreshDatabase | undefined
let encrypted: EncryptedDataSource | undefined

beforeEach(async () => {
  database ??= await freshDatabase()
})
afterEach(async () => {
  if (encrypted?.dataSource.isInitialized) await encrypted.dataSource.destroy()
})
afterAll(() => database?.drop())

const client = () => (database as FreshDatabase).client
async function start(fleet: FleetMode | undefined, typeorm = {}) {
  encrypted = await encryptedDataSource(database as FreshDatabase, [Credential, Token], {
    ...{ encryption: fleet ? { fleet } : {}, typeorm, initialize: false },
  })
  await encrypted.dataSource.initialize()
  return encrypted.dataSource
}
const processes = async () => (await client().query('SELECT * FROM waxseal.process')).rows

test('fleet: require does not start without the schema, and says how to install it', async () => {
  await expect(start('require')).rejects.toThrow('waxseal schema install')
  expect(encrypted?.dataSource.isInitialized).toBe(false)
})

test('without the schema a process starts all the same, in no fleet', async () => {
  const dataSource = await start(undefined)
  await dataSource.getRepository(Token).count()
  expect(encrypted?.cipher.announcements.health()).toEqual([])
})

test.each([['auto'], ['require'], [undefined]] as const)(
  'fleet: %s is in the fleet from initialize() to destroy(), on a connection beside the pool',
  async (fleet) => {
    await installSchema(client())
    const dataSource = await start(fleet, { applicationName: 'billing', poolSize: 1 })
    const [found, ...others] = await processes()
    expect(others).toEqual([])
    expect(found).toMatchObject({
      ...{ label: 'billing', required: fleet === 'require', modes: { credential: 'enforce', token: 'enforce' } },
    })
    const [{ pid }] = await dataSource.query('SELECT pg_backend_pid() AS pid')
    expect(found.backend_pid).not.toBe(pid)
    await dataSource.destroy()
    expect(await processes()).toEqual([])
  },
)

test('fleet: off is in none', async () => {
  await installSchema(client())
  await start('off')
  expect(await processes()).toEqual([])
})
