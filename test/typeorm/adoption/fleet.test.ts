import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { LegacyTable } from './legacy-account.js'

let database: FreshDatabase
let table: LegacyTable

beforeAll(async () => {
  database = await databaseWithSchema()
  table = await LegacyTable.create(database)
})
afterAll(async () => {
  await table?.close()
  await database?.drop()
})

test('the fleet knows the mode of each process, by entity', async () => {
  for (const mode of ['adopt-read', 'adopt-write', 'enforce'] as const) await table.start(mode, { fleet: 'require' })
  const { rows } = await database.client.query('SELECT modes FROM waxseal.process')
  const modes = rows.map((row) => row.modes.account).sort()
  expect(modes).toEqual(['adopt-read', 'adopt-write', 'enforce'])
})
