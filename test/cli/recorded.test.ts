import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { generateLocalKey } from '../../providers/local/index.js'
import { connectCipher } from '../../src/config/index.js'
import { metadataToJson } from '../../src/index.js'
import { installSchema } from '../../src/lifecycle/index.js'
import { bindingOf } from '../../src/postgres/index.js'
import { type ProtectedProject, protectedProject } from './protected-project.js'

const keys = `1:${generateLocalKey()}\n2:${generateLocalKey()}`
const current = (currentKey: number) => ({ provider: { name: 'local', keys, currentKey } as const })

let made: ProtectedProject
beforeAll(async () => {
  made = await protectedProject({}, { ...current(2), audit: { ledger: { actors: 'require' } } })
  await installSchema(made.client)
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
  expect(await made.run(['doctor', '--no-rows'], { env: { WAXSEAL_ACTOR: 'ci:43' } })).toMatchObject({ status: 0 })
  const canary = await made.client.query(
    `SELECT operation, purpose FROM waxseal.ledger_attempt WHERE actor = 'ci:43' ORDER BY id`,
  )
  expect(canary.rows).toEqual(['wrap', 'unwrap'].map((operation) => ({ operation, purpose: 'waxseal doctor' })))

  const open = await made.client.query('SELECT FROM waxseal.ledger_writer WHERE ended_at IS NULL')
  expect(open.rows).toEqual([])
})

test('a doctor whose ledger refuses uses no key, and says so', async () => {
  await made.client.query('ALTER TABLE waxseal.ledger_writer RENAME TO away')
  const { status, stdout } = await made.run(['doctor', '--no-rows'])
  await made.client.query('ALTER TABLE waxseal.away RENAME TO ledger_writer')
  expect(status).toBe(1)
  expect(stdout).toMatch(/LEDGER_REFUSED\n.*"waxseal schema install"/)
  expect(stdout).not.toContain('KEK_REACHABLE')
})
