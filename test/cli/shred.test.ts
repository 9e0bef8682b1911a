import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { installSchema } from '../../src/lifecycle/index.js'
import { type Credentials, shreddedShape } from '../postgres/credentials.js'
import { type ProtectedProject, protectedProject } from './protected-project.js'

let made: ProtectedProject
let credentials: Credentials
let ids: string[]
beforeAll(async () => {
  made = await protectedProject()
  credentials = made.credentials
  await installSchema(made.client)
  // The package is built for it.
}, 240_000)
afterAll(() => made.remove())
beforeEach(async () => {
  await credentials.query('DELETE FROM {table}')
  ids = []
  for (const tenant of ['acme', 'acme', 'other']) ids.push((await credentials.insert({ password: 'x' }, tenant)).id)
})

const WHY = ['--reason', 'offboarding', '--backups-kept', '35d', '--yes']
const shred = (...args: string[]) => made.run(['shred', ...args])
async function shredded(): Promise<string[]> {
  const { rows } = await credentials.query(`SELECT id FROM {table} WHERE encryption_metadata ? 'shredded'`)
  return rows.map(({ id }) => id as string).sort()
}

test('--row shreds one row, and prints the receipt', async () => {
  const args = ['--entity', 'credential', '--row', ids[0]!, '--who', 'operator', '--ticket', 'OPS-1']
  const { status, stdout, stderr } = await shred(...args, ...WHY)
  expect({ status, stderr }).toEqual({
    status: 0,
    stderr: expect.stringMatching(/^receipt [0-9a-f-]{36}\n1 shredded\n$/),
  })
  expect(stdout).toMatch(/^✓ receipt [0-9a-f-]{36}: done; copies are still held\n {2}1 shredded: credential /)
  expect(stdout).toContain('offboarding (OPS-1), by operator as ')
  expect(stdout).toContain('a decryption of 1 was tried and refused')
  expect(stdout).toMatch(/backups: held until \d{4}-/)
  expect(await shredded()).toEqual([ids[0]])
})

test('--context shreds the rows of a tenant, and --json prints the receipt as JSON', async () => {
  const { status, stdout } = await shred('--context', 'tenant=acme', '--caches-kept', '1h', '--json', ...WHY)
  const { receipt, failures } = JSON.parse(stdout)
  expect({ status, failures }).toEqual({ status: 0, failures: [] })
  expect(receipt).toMatchObject({
    status: 'pending',
    rows: 2,
    target: { kind: 'context', pair: 'tenant', value: 'acme' },
  })
  const caches = receipt.copies.find((copy: { where: string }) => copy.where === 'caches')
  expect(Date.parse(caches.until) - Date.parse(receipt.endedAt)).toBe(3_600_000)
  expect(await shredded()).toEqual(ids.slice(0, 2).sort())
})

test('--all-rows shreds an entity', async () => {
  expect(await shred('--entity', 'credential', '--all-rows', ...WHY)).toMatchObject({ status: 0 })
  expect(await shredded()).toEqual([...ids].sort())
})

test('--dry-run counts, and changes nothing', async () => {
  await credentials.update(ids[2]!, {
    encryption_metadata: shreddedShape((await credentials.read(ids[2]!)).encryption_metadata),
  })
  const dry = await shred('--entity', 'credential', '--all-rows', '--dry-run')
  expect(dry).toMatchObject({ status: 0, stderr: '' })
  expect(dry.stdout).toContain('"public"."credential": 2 would be shredded; 1 are already, 0 have no envelope\n')
  expect(dry.stdout).toContain('fake:fake-kek@1: 2 wraps would be removed\n')
  const { stdout } = await shred('--entity', 'credential', '--all-rows', '--dry-run', '--json')
  expect(JSON.parse(stdout)).toMatchObject({ dryRun: true, tables: [{ rows: 2, shredded: 1, empty: 0 }] })
  expect(await shredded()).toEqual([ids[2]])
})

describe('refused:', () => {
  for (const [what, args, message] of [
    ['without --yes', ['--entity', 'credential', '--all-rows', ...WHY.slice(0, -1)], 'expected --yes'],
    ['without a target', ['--entity', 'credential', ...WHY], 'expected one of --row'],
    [
      'with two targets',
      ['--context', 'tenant=acme', '--all-rows', '--entity', 'credential', ...WHY],
      'expected one of --row',
    ],
    ['with a pair without a value', ['--context', 'tenant', ...WHY], 'expected name=value'],
    [
      'with too few columns of a key',
      ['--entity', 'credential', '--row', 'a', '--row', 'b', ...WHY],
      'expected one for each column',
    ],
    [
      'without how long backups are kept',
      ['--entity', 'credential', '--all-rows', '--reason', 'x', '--yes'],
      '"backupsKept" must',
    ],
    ['without a reason', ['--entity', 'credential', '--all-rows', '--backups-kept', 'none', '--yes'], '"reason" must'],
  ] as const) {
    test(what, async () => {
      const { status, stdout, stderr } = await shred(...args)
      expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: '', stderr: expect.stringContaining(message) })
      expect(await shredded()).toEqual([])
    })
  }
})

test('a row that is kept by a trigger is a finding, and --resume goes on once it is not', async () => {
  await made.client.query(`CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER keep BEFORE UPDATE ON credential FOR EACH ROW WHEN (OLD.tenant_id = 'other') EXECUTE FUNCTION keep()`)
  const first = await shred('--entity', 'credential', '--all-rows', '--json', ...WHY)
  await made.client.query('DROP TRIGGER keep ON credential')
  const { receipt, failures } = JSON.parse(first.stdout)
  expect(first.status).toBe(1)
  expect(failures).toMatchObject([{ entity: 'credential', primaryKey: { id: ids[2] } }])
  const second = await shred('--resume', receipt.id, '--yes', '--json')
  expect(second.status).toBe(0)
  expect(JSON.parse(second.stdout).receipt).toMatchObject({ id: receipt.id, rows: 3, status: 'pending' })
})

test('receipts lists them; --receipt shows one, and --rows its rows with digests; the exit code says whether it is final', async () => {
  await shred('--context', 'tenant=acme', ...WHY)
  const list = await made.run(['shred', 'receipts', '--json'])
  const [{ id }] = JSON.parse(list.stdout)
  const lines = await made.run(['shred', 'receipts'])
  expect(lines.stdout.split('\n')[0]).toMatch(new RegExp(`^${id} {2}pending  .* {2}2 shredded {2}offboarding$`))
  const one = await made.run(['shred', 'receipts', '--receipt', id])
  expect(one).toMatchObject({
    status: 1,
    stdout: expect.stringContaining(`receipt ${id}: done; copies are still held`),
  })
  const rows = await made.run(['shred', 'receipts', '--receipt', id, '--rows'])
  const parsed = rows.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(parsed.map(({ primaryKey }) => primaryKey.id).sort()).toEqual(ids.slice(0, 2).sort())
  expect(parsed[0].wraps[0].sha256).toMatch(/^[0-9a-f]{64}$/)
  expect(await made.run(['shred', 'receipts', '--rows'])).toMatchObject({ status: 2 })
})
