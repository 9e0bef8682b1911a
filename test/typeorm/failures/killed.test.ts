import { randomBytes, randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { DataSource } from 'typeorm'
import { addEncryptionGuard, updateEncrypted } from '../../../src/typeorm/index.js'
import { type FreshDatabase, freshDatabase } from '../../setup/database.js'
import { killWhereItStops } from '../../setup/killed-process.js'
import { type Transpiled, transpile } from '../../setup/transpile.js'
import { Account, application, localProvider } from './application.js'

/** A real process with a real connection, killed between the call to the KMS and the commit. */
const key = randomBytes(32).toString('hex')
let database: FreshDatabase
let transpiled: Transpiled
let dataSource: DataSource

beforeAll(async () => {
  transpiled = transpile(
    fileURLToPath(new URL('../../../', import.meta.url)),
    'test/typeorm/failures/killed-application.ts',
  )
  database = await freshDatabase()
  dataSource = application(database.url, localProvider(key), { synchronize: true })
  await dataSource.initialize()
  const runner = dataSource.createQueryRunner()
  await addEncryptionGuard(runner, Account)
  await runner.release()
})

afterAll(async () => {
  await dataSource?.destroy()
  await database?.drop()
  transpiled?.remove()
})

const module = (source: string) => `data:text/javascript,${encodeURIComponent(source)}`

/** The child is plain Node, which knows nothing of jest's mapping of names: it is told to use the same TypeORM. */
const typeorm = createRequire(import.meta.url)
  .resolve('typeorm')
  .includes('typeorm-0.3')
  ? 'typeorm-0.3'
  : 'typeorm'
const resolver = `export const resolve = (name, ...rest) => rest[1](name === 'typeorm' ? '${typeorm}' : name, rest[0])`
const sameTypeorm = module(`import { register } from 'node:module'; register(${JSON.stringify(module(resolver))})`)

/** Runs the write until it has stopped, kills it, and waits until the server has noticed. */
async function killWhile(write: string, stopAt: string, id: string): Promise<void> {
  const applicationName = `killed ${id}`
  const env = {
    DATABASE_URL: database.url,
    APPLICATION_NAME: applicationName,
    TEST_KEY: key,
    WRITE: write,
    STOP_AT: stopAt,
    ID: id,
  }
  const args = ['--import', sameTypeorm, transpiled.file]
  const whileStopped = async () => expect(await connectionsOf(applicationName)).toEqual(['idle in transaction'])
  await killWhereItStops(database.client, { args, env, applicationName, whileStopped })
}

async function connectionsOf(applicationName: string): Promise<string[]> {
  const { rows } = await database.client.query<{ state: string }>(
    'SELECT state FROM pg_stat_activity WHERE application_name = $1',
    [applicationName],
  )
  return rows.map(({ state }) => state)
}

const STOPS = ['the call to the KMS', 'its answer', 'the statement', 'all hooks']
const read = (id: string) => dataSource.getRepository(Account).findOneBy({ id })
const values = { password: 'new', token: 'new' }

for (const stopAt of STOPS) {
  test(`save() of a new row that is killed after ${stopAt} stores nothing, and another process can`, async () => {
    const id = randomUUID()
    await killWhile('save() of a new row', stopAt, id)
    expect(await read(id)).toBeNull()
    await dataSource.getRepository(Account).save({ id, name: id, ...values })
    expect(await read(id)).toMatchObject(values)
  })

  for (const write of ['save() of a changed row', 'updateEncrypted()', 'upsertEncrypted() of an old row']) {
    test(`${write} that is killed after ${stopAt} leaves the old row, which another process can change`, async () => {
      const old = { password: 'old', token: 'old' }
      const { id } = await dataSource.getRepository(Account).save({ name: randomUUID(), ...old } as Account)
      await killWhile(write, stopAt, id)
      expect(await read(id)).toMatchObject(old)
      await updateEncrypted(dataSource.getRepository(Account), id, values)
      expect(await read(id)).toMatchObject(values)
    })
  }
}
