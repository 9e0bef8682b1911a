import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import PgBoss from 'pg-boss'
import { generateLocalKey } from '../../providers/local/index.js'
import { insertLocalRows } from './local-rows.js'
import { type ProtectedProject, protectedProject } from './protected-project.js'
import { Running } from './running.js'

const page = readFileSync('docs/rotation.md', 'utf8')
/** A role belongs to the server, which all tests share. */
const role = `rotator_${randomBytes(6).toString('hex')}`

const keys = `1:${generateLocalKey()}\n2:${generateLocalKey()}`

let made: ProtectedProject
beforeAll(async () => {
  made = await protectedProject({}, { provider: { name: 'local', keys, currentKey: 2 }, rotation: { every: '90d' } })
  expect(await made.run(['schema', 'install', '--distributed'])).toMatchObject({
    status: 0,
    stdout: '✓ the schema "waxseal" is up to date\n✓ the schema "pgboss" is there, with its queue\n',
  })
  const [, rights = ''] = /```sql\n(CREATE ROLE rotator[\s\S]*?)```/.exec(page)!
  await made.client.query(rights.replaceAll('rotator', role))
  // As the owner connects, and without what the owner may.
  const url = new URL(made.database.url)
  url.searchParams.set('options', `-c role=${role}`)
  made.configure({ database: url.href })
})
afterAll(async () => {
  await made.client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  await made.remove()
})

test('the role of the page may do what the commands of the page do, and is not the owner', async () => {
  await made.client.query(`SET ROLE ${role}`)
  await expect(made.client.query('DROP TABLE credential')).rejects.toMatchObject({ code: '42501' })
  await expect(made.client.query('UPDATE credential SET password = null')).rejects.toMatchObject({ code: '42501' })
  await made.client.query('RESET ROLE')
  await insertLocalRows(made.credentials, { keys, currentKey: 1 }, 3)
  for (const args of [
    ['rotate', '--dry-run'],
    ['rotate'],
    ['rotate', '--verify', 'sample'],
    ['census'],
    ['status'],
    ['runs'],
  ]) {
    const { status, stderr } = await made.run(args)
    expect({ args, status, said: status === 0 || stderr }).toEqual({ args, status: 0, said: true })
  }
})

test('and so it may on several machines', async () => {
  const worker = new Running(made.project.folder, ['worker', '--json'])
  try {
    await worker.event('ready')
    await insertLocalRows(made.credentials, { keys, currentKey: 1 }, 3)
    expect(await made.run(['rotate', '--distributed'])).toMatchObject({ status: 0 })
    await worker.event('report')
  } finally {
    expect(await worker.end('SIGTERM')).toEqual([0, null])
  }
  expect(worker.count('trouble')).toBe(0)
})

test('and do the upkeep that pg-boss does in a worker every two minutes', async () => {
  await made.client.query(`SET ROLE ${role}`)
  const boss = new PgBoss({ db: { executeSql: (text, values) => made.client.query(text, values) } })
  await expect(boss.maintain()).resolves.toBeDefined()
  await made.client.query('RESET ROLE')
})
