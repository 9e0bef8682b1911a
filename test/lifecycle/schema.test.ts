import { afterAll, beforeAll, expect, test } from '@jest/globals'
import pg from 'pg'
import { assertSchema, installSchema, missingMigrations, schemaSql } from '../../src/lifecycle/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'

let database: FreshDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.drop())

const installedNames = async () => {
  const { rows } = await database.client.query<{ name: string }>('SELECT name FROM waxseal.migration ORDER BY name')
  return rows.map(({ name }) => name)
}

test('a database without it is told what to run, and installing mends that', async () => {
  const missing = await missingMigrations(database.client)
  expect(missing.length).toBeGreaterThan(0)
  const refused = (found: string) =>
    expect(assertSchema(database.client)).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION',
      message: expect.stringContaining(`found ${found}; run "waxseal schema install"`),
    })
  await refused('none')
  await installSchema(database.client)
  expect(await installedNames()).toEqual([...missing].sort())
  await database.client.query('DELETE FROM waxseal.migration WHERE name = $1', [missing[0]])
  await refused(`it without ${missing[0]}`)
  await installSchema(database.client)
  await assertSchema(database.client)
})

test('installing again changes nothing, and every statement may be repeated alone', async () => {
  await installSchema(database.client)
  const before = await database.client.query('SELECT * FROM waxseal.migration ORDER BY name')
  for (const statement of schemaSql()) {
    await database.client.query(statement)
    await database.client.query(statement)
  }
  expect((await database.client.query('SELECT * FROM waxseal.migration ORDER BY name')).rows).toEqual(before.rows)
})

test('two that install at once both succeed', async () => {
  const own = await freshDatabase()
  const other = new pg.Client({ connectionString: own.url })
  await other.connect()
  const install = async (client: pg.Client) => {
    await client.query('BEGIN')
    await installSchema(client)
    await client.query('COMMIT')
  }
  await Promise.all([install(own.client), install(other)])
  expect(await missingMigrations(own.client)).toEqual([])
  await other.end()
  await own.drop()
})

test('a newer library is told which migrations the database lacks', async () => {
  const [last] = (await installedNames()).slice(-1)
  await database.client.query('DELETE FROM waxseal.migration WHERE name = $1', [last])
  expect(await missingMigrations(database.client)).toEqual([last])
  await installSchema(database.client)
})

test('a role of the name of the schema would find no other schema any more: refused, and nothing is installed', async () => {
  const own = await freshDatabase()
  await own.client.query(`DO $$ BEGIN CREATE ROLE waxseal; EXCEPTION WHEN duplicate_object THEN END $$`)
  await own.client.query('GRANT waxseal TO CURRENT_USER')
  const { rows } = await own.client.query('SELECT current_database() AS name')
  await own.client.query(`GRANT CREATE ON DATABASE ${rows[0].name} TO waxseal`)
  await own.client.query('BEGIN')
  await own.client.query('SET LOCAL ROLE waxseal')
  await expect(installSchema(own.client)).rejects.toMatchObject({
    code: 'ERR_CONFIGURATION',
    message: expect.stringContaining('ALTER ROLE waxseal SET search_path = public'),
  })
  await own.client.query('ROLLBACK')
  expect(await missingMigrations(own.client)).not.toEqual([])
  await own.client.query('BEGIN')
  await own.client.query('SET LOCAL ROLE waxseal')
  await own.client.query('SET LOCAL search_path = public')
  await installSchema(own.client)
  await own.client.query('COMMIT')
  expect(await missingMigrations(own.client)).toEqual([])
  await own.drop()
})
