import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { installSchema } from '../../../src/lifecycle/index.js'
import { type FreshDatabase, freshDatabase } from '../../setup/database.js'
import { LegacyTable } from './legacy-account.js'

let database: FreshDatabase
let table: LegacyTable

beforeAll(async () => {
  database = await freshDatabase()
  table = await LegacyTable.create(database)
  await installSchema(database.client)
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
