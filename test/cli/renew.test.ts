import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { connectCipher } from '../../src/config/index.js'
import { metadataFromJson, metadataToJson, parseText } from '../../src/index.js'
import { bindingOf } from '../../src/postgres/index.js'
import { databaseWithSchema } from '../setup/database-with-schema.js'
import { type ProtectedProject, protectedProject, provider } from './protected-project.js'

let made: ProtectedProject
let ids: string[]
beforeAll(async () => {
  made = await protectedProject({}, {}, databaseWithSchema())
  // The package is built for it.
}, 240_000)
afterAll(() => made.remove())
beforeEach(async () => {
  await made.client.query('DELETE FROM credential; DELETE FROM waxseal.run')
  await using cipher = await connectCipher({ configuration: { provider } })
  ids = []
  for (const tenant_id of ['acme', 'acme', 'other']) {
    const id = randomUUID()
    ids.push(id)
    const envelope = await cipher.mint(bindingOf(made.credentials.table, { id, tenant_id }))
    const password = made.credentials.encrypt(envelope, 'password', `password ${id}`)
    await made.credentials.insertStored(id, tenant_id, [password], metadataToJson(envelope.metadata))
  }
  before = await envelopes()
})

let before: Map<string, string>
async function envelopes(): Promise<Map<string, string>> {
  const { rows } = await made.client.query(`SELECT id, encryption_metadata ->> 'id' AS envelope FROM credential`)
  return new Map(rows.map(({ id, envelope }) => [id, envelope]))
}

/** Those of the three rows that have another envelope now. All of them have to open. */
async function renewed(): Promise<boolean[]> {
  await using cipher = await connectCipher({ configuration: { provider } })
  for (const id of ids) {
    const row = await made.credentials.read(id)
    const metadata = metadataFromJson(row.encryption_metadata)
    const envelope = await cipher.open(metadata, bindingOf(made.credentials.table, { ...row }))
    const field = made.credentials.table.fields[0]!
    expect(envelope.decryptField(field, parseText(String(row.password)))).toBe(`password ${id}`)
  }
  const now = await envelopes()
  return ids.map((id) => now.get(id) !== before.get(id))
}

test('--all gives every row a new data key', async () => {
  const { status, stdout, stderr } = await made.run(['renew', '--all'])
  expect({ status, stdout }).toEqual({ status: 0, stdout: '✓ credential: 3 have a new data key\n' })
  expect(stderr).toMatch(/^renew of "public"\."credential": run [\w-]{36}\n/)
  expect(await renewed()).toEqual([true, true, true])
})

test('of the tenant that is named, and no other', async () => {
  const { status, stdout } = await made.run(['renew', '--context', 'tenant=acme'])
  expect({ status, stdout }).toEqual({ status: 0, stdout: '✓ credential: 2 have a new data key\n  1 not asked for\n' })
  expect(await renewed()).toEqual([true, true, false])
})

test('under the KEK that is named', async () => {
  expect((await made.run(['renew', '--kek', 'local:another'])).stdout).toContain('0 have a new data key')
  expect((await made.run(['renew', '--kek', 'local:local'])).stdout).toContain('3 have a new data key')
})

test('of the entities that are named', async () => {
  expect(await made.run(['renew', '--entity', 'token'])).toMatchObject({ status: 2 })
  expect((await made.run(['renew', '--entity', 'credential'])).stdout).toContain('3 have a new data key')
})

test('none that is not older than two years', async () => {
  expect((await made.run(['renew', '--older-than', '2y'])).stdout).toContain('0 have a new data key\n  3 not asked for')
  expect(await made.run(['renew', '--older-than', 'ages'])).toMatchObject({ status: 2 })
})

test('--dry-run counts, and changes nothing', async () => {
  const { status, stdout } = await made.run(['renew', '--context', 'tenant=acme', '--dry-run'])
  const said = '"public"."credential": 2 would get a new data key\nNothing was changed.\n'
  expect({ status, stdout }).toEqual({ status: 0, stdout: said })
  const { stdout: json } = await made.run(['renew', '--all', '--dry-run', '--json'])
  expect(JSON.parse(json)).toMatchObject({ dryRun: true, tables: [{ entity: 'credential', rows: 3 }] })
  expect(await renewed()).toEqual([false, false, false])
})

test('--json prints the events, and --batch and --concurrency bound what is done at a time', async () => {
  const { stdout } = await made.run(['renew', '--all', '--json', '--batch', '2', '--concurrency', '1'])
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(events.filter(({ type }) => type === 'batch').slice(0, 2)).toMatchObject([{ rows: 2 }, { rows: 1 }])
  expect(events.at(-1)).toMatchObject({ type: 'reports', reports: [{ renewed: 3, state: 'finished' }] })
  expect(await made.run(['renew', '--all', '--concurrency', '0'])).toMatchObject({ status: 2 })
})

test('a row that does not open is a finding, and as it was', async () => {
  const { password } = await made.credentials.read(ids[0]!)
  const altered = `${String(password).slice(0, -6)}${String(password)
    .slice(-6)
    .replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))}`
  await made.credentials.update(ids[0]!, { password: altered })
  const { status, stdout } = await made.run(['renew', '--all'])
  expect(status).toBe(1)
  expect(stdout).toMatch(
    /^✗ credential: 2 have a new data key\n {2}1 failed, and are as they were: waxseal runs failures /,
  )
  expect((await made.credentials.read(ids[0]!)).password).toBe(altered)
})

test('what is not asked for is refused: no row by mistake, and not all of them', async () => {
  for (const args of [[], ['--all', '--kek', 'local:local'], ['--context', 'tenant=acme', '--context', 'owner=x']]) {
    expect(await made.run(['renew', ...args])).toMatchObject({ status: 2, stdout: '' })
  }
  expect(await renewed()).toEqual([false, false, false])
})
