import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { monthOf, partitionsOf } from '../../audit/retention/month.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { type ProtectedProject, protectedProject } from '../protected-project.js'

/** Over for good, whenever the test runs. */
const MONTH = '2020-07'

let made: ProtectedProject
beforeAll(async () => {
  made = await protectedProject({}, { audit: { retention: { hot: '90d', total: '100d' } } }, databaseWithSchema())
  await monthOf(made.client, MONTH)
})
afterAll(() => made.remove())

test('a hold is placed, listed and lifted; retain keeps what is held', async () => {
  const placed = await made.run([
    'audit',
    'hold',
    'place',
    '--from',
    '2020-07-01',
    '--to',
    '2020-07-02',
    '--reason',
    'case 1',
  ])
  expect(placed).toMatchObject({ status: 0, stdout: expect.stringContaining('2020-07-01T00:00:00.000Z  2020-07-02') })
  const kept = await made.run(['audit', 'retain', '--archives', 'archives'])
  expect(kept).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(/^2020-07 is kept\n {2}held \(\S+\): case 1\n$/),
  })
  const list = await made.run(['audit', 'hold', 'list', '--json'])
  const [{ id }] = JSON.parse(list.stdout)
  const lifted = await made.run(['audit', 'hold', 'lift', id, '--reason', 'settled'])
  expect(lifted).toMatchObject({ status: 0, stdout: expect.stringMatching(/case 1 {2}lifted by \w+: settled\n$/) })
})

test('retain --dry-run says what would go, and changes nothing', async () => {
  const { status, stdout } = await made.run(['audit', 'retain', '--dry-run', '--json', '--archives', 'archives'])
  expect({ status, said: JSON.parse(stdout) }).toMatchObject({
    status: 0,
    said: { months: [{ month: MONTH, state: 'due' }] },
  })
  expect(await partitionsOf(made.client, MONTH)).toBe(8)
  expect(await made.run(['audit', 'retain'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('--archives'),
  })
})

test('retain archives to --archives and drops; archive verify reads one back', async () => {
  const { status, stdout } = await made.run(['audit', 'retain', '--archives', 'archives'])
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: expect.stringMatching(/^2020-07 archived and dropped\n {2}1 rows of /),
  })
  expect(await partitionsOf(made.client, MONTH)).toBe(0)
  const files = readdirSync(join(made.project.folder, 'archives'))
  expect(files).toHaveLength(6)
  expect(stdout).toMatch(new RegExp(`you may delete /.*/archives/${files[0]}\n`))
  const file = files.find((name) => name.startsWith('audit_event'))!
  const verified = await made.run(['audit', 'archive', 'verify', join('archives', file)])
  expect(verified).toMatchObject({ status: 0, stdout: expect.stringContaining('1 rows of audit_event, SHA-256 ') })
  await made.client.query('ALTER TABLE waxseal.log_leaf DISABLE TRIGGER USER; DELETE FROM waxseal.log_leaf')
  const json = await made.run(['audit', 'archive', 'verify', join('archives', file), '--json'])
  expect({ status: json.status, ...JSON.parse(json.stdout) }).toMatchObject({
    ...{ status: 1, table: 'audit_event', problems: [expect.stringContaining('has no leaf')] },
  })
  const { rows } = await made.client.query(
    `SELECT detail FROM waxseal.application_event WHERE action = 'archive-verify' ORDER BY inserted_at`,
  )
  expect(rows.map(({ detail }) => [detail.table, detail.rows, detail.problems])).toEqual([
    ['audit_event', 1, 0],
    ['audit_event', 1, 1],
  ])
})
