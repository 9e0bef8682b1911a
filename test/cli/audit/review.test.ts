import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { auditGrants } from '../../../src/audit/grants.js'
import { AuditRows } from '../../audit/review/rows.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { type ProtectedProject, protectedProject } from '../protected-project.js'
import { Running } from '../running.js'

const auditor = `auditor_${randomBytes(6).toString('hex')}`
const MAY = ['--from', '2026-05-01', '--to', '2026-06-01']

let made: ProtectedProject
let rows: AuditRows
let event: string
beforeAll(async () => {
  made = await protectedProject({}, {}, databaseWithSchema())
  rows = new AuditRows(made.client)
  event = await rows.event('2026-05-10T10:00:00Z', {
    principal: 'eve\u001b[2J',
    kek_id: 'k-1',
    raw: '{"user\\u001b":"\u009b"}',
  })
  await rows.attempt('2026-05-10T11:00:00Z', { actor: 'alice', kek_id: 'k-1' })
  await made.client.query(`CREATE ROLE ${auditor}`)
  for (const statement of auditGrants('auditor', auditor)) await made.client.query(statement)
  const url = new URL(made.database.url)
  url.searchParams.set('options', `-c role=${auditor}`)
  made.configure({ database: url.href })
})
afterAll(async () => {
  await made.client.query(`DROP OWNED BY ${auditor}; DROP ROLE ${auditor}`)
  await made.remove()
})

test('search: a table page by page, as an auditor', async () => {
  const first = await made.run(['audit', 'search', ...MAY, '--limit', '1'])
  expect(first).toMatchObject({ status: 0, stderr: expect.stringContaining('1 of 2 from 2026-05-01') })
  expect(first.stdout).toMatch(
    /^time \(UTC\).*\n2026-05-10 11:00:00\.000 {2}attempt {6}unwrap {12}unanswered {2}alice, aws k-1, not reconciled yet, \S+\n$/,
  )
  const [, cursor = ''] = /--cursor (\S+)/.exec(first.stderr)!
  const last = await made.run(['audit', 'search', '--cursor', cursor])
  expect(last).toMatchObject({ status: 0, stderr: expect.not.stringContaining('--cursor') })
  expect(last.stdout).toContain(`eve\\u001b[2J, aws k-1, not reconciled yet, ${event}\n`)
})

test('search: --json', async () => {
  const { status, stdout } = await made.run(['audit', 'search', ...MAY, '--actor', 'eve*', '--json'])
  expect(status).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    records: [{ id: event, kekId: 'k-1' }],
    total: { count: 1, isMore: false },
  })
})

test.each([
  ['search', []],
  ['tail', []],
  ['export', ['--output', 'never-made']],
])(
  '%s: a provider that neither configuration nor records have is refused: of none of it nothing would be found',
  async (command, args) => {
    const { status, stdout, stderr } = await made.run(['audit', command, '--provider', 'asw', ...args])
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/--provider: expected one of .*aws.*, found "asw"/)
  },
)

test('show: the record, what belongs to it, and the raw event', async () => {
  const { status, stdout } = await made.run(['audit', 'show', event])
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: expect.stringContaining('· it is not appended to the log yet'),
  })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(stdout).not.toMatch(/[\u001b\u009b]/)
  const json = await made.run(['audit', 'show', event, '--json'])
  expect(JSON.parse(json.stdout)).toMatchObject({ stored: { raw: '{"user\\u001b":"\u009b"}' } })
})

test('show: an id of no record', async () => {
  const { status, stderr } = await made.run(['audit', 'show', '00000000-0000-4000-8000-000000000000'])
  expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('expected a record of the tables') })
})

test('export: a folder with the manifest that --json prints, in the format of --format', async () => {
  const args = ['audit', 'export', ...MAY, '--output', 'june', '--format', 'csv']
  const { status, stdout, stderr } = await made.run([...args, '--json'])
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining('2 of 2') })
  const read = (name: string) => readFileSync(join(made.project.folder, 'june', name), 'utf8')
  expect(read('manifest.json')).toBe(stdout)
  expect(JSON.parse(stdout)).toMatchObject({ counts: { attempt: 1, event: 1 }, checkpoint: null })
  expect(read('records.csv')).toContain(event)
  const again = await made.run(args)
  expect(again).toMatchObject({ status: 2, stderr: expect.stringContaining('found files in it') })
})

test('tail: --follow brings what comes', async () => {
  const { stdout } = await made.run(['audit', 'tail', '--kind', 'application', '--json'])
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).operation),
  ).toContain('search')
  const tail = new Running(made.project.folder, ['audit', 'tail', '--follow', '--json'])
  try {
    await tail.object('that it follows', (record) => record['operation'] === 'tail')
    const id = await rows.event('2026-05-11T10:00:00Z')
    await tail.object('the event', (record) => record['id'] === id)
  } finally {
    expect(await tail.end('SIGTERM')).toEqual([0, null])
  }
})
