import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { generateLocalKey, LocalProvider } from '../../providers/local/index.js'
import { describeKek } from '../../src/kms/index.js'
import { databaseWithSchema } from '../setup/database-with-schema.js'
import { insertLocalRows } from './local-rows.js'
import { type ProtectedProject, protectedProject } from './protected-project.js'

const keys = `1:${generateLocalKey()},2:${generateLocalKey()}`
let made: ProtectedProject
let old: string
let current: string

beforeAll(async () => {
  made = await protectedProject({}, { provider: { name: 'local', keys, currentKey: 2 } }, databaseWithSchema())
  await made.client.query(`SET application_name = 'test'`)
  const name = async (currentKey: number) => describeKek(await new LocalProvider({ keys, currentKey }).currentKek({}))
  old = await name(1)
  current = await name(2)
})
beforeEach(() => made.client.query('TRUNCATE credential, waxseal.retirement'))
afterAll(() => made.remove())

/** With the application stopped, unless a test says otherwise. */
const retire = (kek: string, ...args: string[]) =>
  made.run(['retire', kek, '--processes', '0', '--wait', '1s', '--ignore-session', 'test', ...args])
const decisions = async () => (await made.client.query('SELECT * FROM waxseal.retirement ORDER BY id')).rows

test('what nothing needs may be disabled: how is said, and written down with who decided', async () => {
  const { status, stdout, stderr } = await retire(old, '--backups-kept', 'none', '--who', 'operator')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toContain(
    `${old} may be disabled. No KMS holds a local key, and nothing can disable it: take key 1 out of "keys"`,
  )
  expect(stdout).toContain('never destroy it')
  expect(stdout).toContain(
    '· the audit trail shows no use of it\n    not checked: nobody said for how long the mirrored trail must show none (--unused-for 30d)',
  )
  expect(await decisions()).toMatchObject([{ kek: 'local', rows: '0', ready: true, decided_by: 'operator' }])
})

test('--unused-for asks the mirrored trail', async () => {
  const { status, stdout } = await retire(old, '--backups-kept', 'none', '--unused-for', '30d')
  expect(status).toBe(1)
  expect(stdout).toContain('✗ the audit trail shows no use of it\n    no audit trail of it is mirrored')
  expect(await retire(old, '--unused-for', 'long')).toMatchObject({
    ...{ status: 2, stderr: expect.stringContaining('--unused-for: expected a duration such as 30d') },
  })
})

test('what a row needs stays: exit code 1, with the evidence', async () => {
  await insertLocalRows(made.credentials, { keys, currentKey: 1 }, 1)
  const { status, stdout } = await retire(old, '--backups-kept', 'none')
  expect(status).toBe(1)
  expect(stdout).toContain('✗ no stored row needs it\n    "public"."credential": 1 row with a wrap under it')
  expect(stdout).toContain(`${old} stays enabled: not ready`)
  expect(await decisions()).toMatchObject([{ rows: '1', ready: false }])
})

test('what is current stays', async () => {
  expect((await retire(current, '--backups-kept', 'none')).stdout).toContain('the KMS wraps under it: rotate first')
})

test('--backups-kept is waited for', async () => {
  const { status, stdout } = await retire(old, '--backups-kept', '35d')
  expect(status).toBe(1)
  expect(stdout).toMatch(/✗ no backup needs it\n {4}backups of before .* may need it, until /)
})

test('--processes is how many have to be at work: one unless it is said', async () => {
  const { status, stdout, stderr } = await made.run([
    ...['retire', old, '--wait', '1s', '--backups-kept', 'none', '--ignore-session', 'test'],
  ])
  expect({ status, stderr }).toEqual({ status: 1, stderr: 'waxseal: waiting: expected at least 1 at work, found 0\n' })
  expect(stdout).toContain('expected at least 1 at work, found 0')
})

test('--ignore-session: sessions that are known not to write', async () => {
  const { status, stdout } = await made.run([
    'retire',
    old,
    '--processes',
    '0',
    '--wait',
    '1s',
    '--backups-kept',
    'none',
  ])
  expect(status).toBe(1)
  expect(stdout).toMatch(/1 of the role \S+ with "test" at \S+ belongs to no process of the fleet/)
})

test('--wait is how long they are waited for', async () => {
  const started = Date.now()
  await made.run(['retire', old, '--wait', '3s', '--backups-kept', 'none'])
  expect(Date.now() - started).toBeGreaterThanOrEqual(3_000)
})

test('--dry-run checks, and writes nothing down', async () => {
  expect((await retire(old, '--backups-kept', 'none', '--dry-run')).status).toBe(0)
  expect(await decisions()).toEqual([])
})

test('--json prints the checks, and how it is disabled', async () => {
  const { stdout } = await retire(old, '--backups-kept', 'none', '--json')
  const { kek, ready, checks, disabling } = JSON.parse(stdout)
  expect({ id: kek.id, ready, commands: disabling.commands }).toEqual({ id: 'local', ready: true, commands: [] })
  expect(checks.map(({ name, status }: any) => `${name} ${status}`)).toEqual([
    ...['current passed', 'census passed', 'processes passed', 'transactions passed', 'census again passed'],
    ...['runs passed', 'replicas passed', 'backups passed', 'trail unchecked'],
  ])
})

test('--context says whose KEK it is, where each tenant has one', async () => {
  made.project.write(
    'tenants.config.mjs',
    `import { PerContextProvider } from 'waxseal/kms'
    import { LocalProvider } from 'waxseal/providers/local'
    import { readFileSync } from 'node:fs'
    const { database, tables } = JSON.parse(readFileSync('waxseal.config.json', 'utf8'))
    const provider = () => new LocalProvider({ keys: '${keys}', currentKey: 2 })
    export default { provider: new PerContextProvider({ name: 'local', pair: 'tenant', provider }), database, tables }`,
  )
  const args = ['--config', 'tenants.config.mjs', '--backups-kept', 'none', '--dry-run']
  const { status, stdout } = await retire(old, ...args)
  expect(status).toBe(1)
  expect(stdout).toContain('which KEKs are current is not known: provider "local": expected the pair "tenant"')
  expect((await retire(old, ...args, '--context', 'tenant=acme')).status).toBe(0)
  await insertLocalRows(made.credentials, { keys, currentKey: 2 }, 1)
  const census = (...more: string[]) => made.run(['census', '--config', 'tenants.config.mjs', ...more])
  expect((await census()).stdout).toContain(' unknown, oldest wrap')
  expect((await census('--context', 'tenant=acme')).stdout).toContain(' current, oldest wrap')
})

test.each([
  [['retire', 'local'], 'expected a version of a KEK as "waxseal census" prints it'],
  [['retire', 'local:local@1', '--backups-kept', 'long'], '--backups-kept: expected a duration'],
  [['retire', 'local:local@1', '--wait', 'long'], '--wait: expected a duration'],
  [['retire', 'local:local@1', '--processes', '-1'], 'expected a whole number from 0'],
])('%j is not understood', async (args, message) => {
  const { status, stderr } = await made.run(args)
  expect(status).toBe(2)
  expect(stderr).toContain(message)
})
