import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { generateLocalKey } from '../../providers/local/index.js'
import { remove } from '../postgres/credentials.js'
import { canary } from '../setup/cli.js'
import { insertLocalRows } from './local-rows.js'
import { type ProtectedProject, protectedProject } from './protected-project.js'

const keys = `1:${generateLocalKey()},2:${generateLocalKey()}`
let made: ProtectedProject
beforeAll(async () => {
  made = await protectedProject({}, { provider: { name: 'local', keys, currentKey: 2 } })
})
afterAll(() => made.remove())

const json = async (args: readonly string[] = []) => {
  const { status, stdout } = await made.run(['census', '--json', ...args])
  return { status, ...JSON.parse(stdout) }
}

test('rows by KEK, and whether it is current or accepted: exit code 0', async () => {
  await insertLocalRows(made.credentials, { keys, currentKey: 1 }, 2)
  await insertLocalRows(made.credentials, { keys, currentKey: 2 }, 1)
  const { status, ok, exact, tables } = await json()
  expect({ status, ok, exact }).toEqual({ status: 0, ok: true, exact: true })
  expect(tables[0].keks.map(({ kek, rows }: any) => [kek.version.slice(0, 2), rows, kek.standing])).toEqual([
    ['1-', 2, 'accepted'],
    ['2-', 1, 'current'],
  ])
  const { status: printed, stdout } = await made.run(['census'])
  expect(printed).toBe(0)
  expect(stdout).toMatch(
    /^"public"."credential" {2}3 rows: 3 wrapped, 0 empty, 0 shredded, 0 undecodable\n {2}2 {2}local:local@1-\w+ {2}accepted, oldest wrap /,
  )
})

test('--quick estimates, and says that it does', async () => {
  await made.client.query('ANALYZE')
  const { exact, tables } = await json(['--quick'])
  expect(exact).toBe(false)
  expect(tables[0].sets.map(({ keks }: any) => keks.map(({ standing }: any) => standing))).toEqual(
    expect.arrayContaining([['accepted'], ['current']]),
  )
  expect((await made.run(['census', '--quick'])).stdout).toMatch(/~\d+ {2}local:local@/)
})

test('--entity counts the tables of these entities', async () => {
  expect((await json(['--entity', 'credential'])).tables).toHaveLength(1)
  expect(await made.run(['census', '--entity', 'other'])).toMatchObject({
    status: 2,
    stderr: 'waxseal: --entity: expected one of credential, found "other"\n',
  })
})

test('what is under a KEK of no provider here is a finding: exit code 1', async () => {
  const row = await made.credentials.insert({ password: 'secret' })
  const { status, tables } = await json()
  expect(status).toBe(1)
  expect(tables[0].keks.find(({ kek }: any) => kek.provider === 'fake').kek.standing).toBe('unlisted')
  await made.client.query('DELETE FROM credential WHERE id = $1', [row.id])
})

test('so is a key that the provider was not configured with, although it is of its name', async () => {
  await insertLocalRows(made.credentials, { keys: `7:${generateLocalKey()}`, currentKey: 7 }, 1)
  const { status, tables } = await json()
  expect(status).toBe(1)
  expect(tables[0].keks.find(({ kek }: any) => kek.version.startsWith('7-')).kek.standing).toBe('unlisted')
  await made.client.query(`DELETE FROM credential WHERE encryption_metadata #>> '{wraps,0,kek,version}' ^@ '7-'`)
})

test('a plaintext is counted, is a finding, and is not printed', async () => {
  await remove(made.client, made.credentials.table)
  const secret = canary()
  await made.credentials.insertStored(randomUUID(), 'acme', [secret], {})
  const { status, stdout, stderr } = await made.run(['census'])
  expect(status).toBe(1)
  expect(stdout).toContain('1  plaintext in column "password"')
  expect(stdout + stderr + JSON.stringify(await json())).not.toContain(secret)
})
