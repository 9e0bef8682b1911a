import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { generateLocalKey } from '../../providers/local/index.js'
import { examineProviders } from '../../src/cli/doctor/examine.js'
import { connectCipher } from '../../src/config/index.js'
import { validateConfiguration } from '../../src/config/load-configuration.js'
import { metadataToJson } from '../../src/index.js'
import { bindingOf } from '../../src/postgres/index.js'
import { databaseWithSchema } from '../setup/database-with-schema.js'
import { type ProtectedProject, protectedProject } from './protected-project.js'

const keys = `1:${generateLocalKey()}\n2:${generateLocalKey()}`
const current = (currentKey: number) => ({ provider: { name: 'local', keys, currentKey } as const })

let made: ProtectedProject
beforeAll(async () => {
  made = await protectedProject({}, { ...current(2), audit: { ledger: { actors: 'require' } } }, databaseWithSchema())
})
afterAll(() => made.remove())

test('what a command asks of a KMS is in the ledger of the configuration, with who ran it and which command', async () => {
  await using cipher = await connectCipher({ configuration: current(1) })
  const id = randomUUID()
  const envelope = await cipher.mint(bindingOf(made.credentials.table, { id, tenant_id: 'acme' }))
  const password = made.credentials.encrypt(envelope, 'password', 'a password')
  await made.credentials.insertStored(id, 'acme', [password], metadataToJson(envelope.metadata))

  expect(await made.run(['rotate'], { env: { WAXSEAL_ACTOR: 'ci:42' } })).toMatchObject({ status: 0 })
  const { rows } = await made.client.query(
    `SELECT DISTINCT operation, actor, purpose FROM waxseal.ledger_attempt WHERE operation IN ('rewrap', 'unwrap')`,
  )
  expect(rows.length).toBeGreaterThan(0)
  for (const row of rows) expect(row).toMatchObject({ actor: 'ci:42', purpose: 'waxseal rotate' })
  const open = await made.client.query('SELECT FROM waxseal.ledger_writer WHERE ended_at IS NULL')
  expect(open.rows).toEqual([])
})

test('doctor names the files of a journal whose lines are in no table', async () => {
  made.project.write('journal/one.refused', 'a line')
  const ledger = { journal: join(made.project.folder, 'journal') }
  const set = validateConfiguration({ ...current(2), database: made.database.url, audit: { ledger } })
  const { sections } = await examineProviders(set, 'writer')
  expect(sections.at(-1)).toMatchObject({
    name: 'ledger',
    findings: [{ code: 'JOURNAL_SET_ASIDE', level: 'warning', message: expect.stringContaining(': one.refused in ') }],
  })
})

test('what doctor asks is in the ledger too, and without its ledger it asks nobody', async () => {
  expect(await made.run(['doctor', '--provider'], { env: { WAXSEAL_ACTOR: 'ci:43' } })).toMatchObject({ status: 0 })
  const { rows } = await made.client.query(
    `SELECT operation, purpose FROM waxseal.ledger_attempt WHERE actor = 'ci:43' ORDER BY operation`,
  )
  expect(rows).toEqual(['examine', 'unwrap', 'wrap'].map((operation) => ({ operation, purpose: 'waxseal doctor' })))
  const database = new URL(made.database.url)
  database.pathname = '/postgres'
  const withoutTables = validateConfiguration({ ...current(2), database: database.href, audit: { ledger: {} } })
  const { sections } = await examineProviders(withoutTables, 'writer')
  expect(sections.map(({ name, findings }) => [name, findings.map(({ code }) => code)])).toEqual([
    ['runtime', expect.anything()],
    ['ledger', ['LEDGER_REFUSED']],
  ])
})
