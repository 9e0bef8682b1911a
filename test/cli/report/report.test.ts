import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { reports } from '../../../src/audit/index.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { type ProtectedProject, protectedProject, provider } from '../protected-project.js'

let made: ProtectedProject
beforeAll(async () => {
  const keys = [{ id: 'local', owner: 'platform', custodians: ['a', 'b'], classification: 'c', moduleValidation: 'm' }]
  made = await protectedProject({}, { environment: 'production', audit: { keys } }, databaseWithSchema())
})
afterAll(() => made.remove())

test('list names every report', async () => {
  const { status, stdout } = await made.run(['report', 'list'])
  expect(status).toBe(0)
  expect(stdout.trim().split('\n')).toHaveLength(reports.length)
  for (const { name, number } of reports) expect(stdout).toMatch(new RegExp(`^${number} +${name} `, 'm'))
})

test('a report says who asked and for which time, and that it was made is an event', async () => {
  const { status, stdout } = await made.run(['report', 'key-inventory', '--period', '2026-Q3', '--who', 'a reviewer'])
  expect(status).toBe(0)
  const { header, rows } = JSON.parse(stdout)
  expect(header).toMatchObject({
    generated_by: 'a reviewer',
    environment: 'production',
    period_from: '2026-07-01T00:00:00.000Z',
  })
  expect(rows).toEqual([
    expect.objectContaining({ owner: 'platform', custodians: 'a; b', classification: 'c', module_validation: 'm' }),
  ])
  const { rows: events } = await made.client.query(
    `SELECT action, detail, actor = session_user AS mine FROM waxseal.application_event WHERE category = 'audit'`,
  )
  expect(events).toEqual([
    {
      action: 'report',
      detail: { report: 'key-inventory', from: '2026-07-01T00:00:00.000Z', to: '2026-10-01T00:00:00.000Z' },
      mine: true,
    },
  ])
})

test('one that counts no rows needs no tables', async () => {
  made.project.write('reviewer.json', JSON.stringify({ provider, database: made.database.url }))
  const of = (name: string) => made.run(['report', name, '--config', 'reviewer.json'])
  expect(await of('access')).toMatchObject({ status: 0 })
  expect(await of('coverage')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('expected "dataSource" or "tables"'),
  })
})

test('as CSV, into a file of its owner alone', async () => {
  const file = join(made.project.folder, 'coverage.csv')
  expect(await made.run(['report', 'coverage', '--format', 'csv', '--output', file])).toMatchObject({
    status: 0,
    stdout: '',
  })
  expect(readFileSync(file, 'utf8')).toMatch(
    /^table,column,rows,wrapped,shredded,empty,unreadable,plaintext,legacy,undecodable,foreign\r\n/,
  )
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test.each([
  [['nothing'], 'no report "nothing": expected one of key-inventory'],
  [['denied', '--format', 'pdf'], '--format: expected one of json, jsonl, csv, html, found "pdf"'],
  [['denied', '--period', '2026-13'], 'the period: expected a year'],
])('%j is refused', async (args, message) => {
  const { status, stderr } = await made.run(['report', ...args])
  expect(status).toBe(2)
  expect(stderr).toContain(message)
})
