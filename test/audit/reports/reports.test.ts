import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { auditGrants } from '../../../src/audit/grants.js'
import { makeReport } from '../../../src/audit/reports/make-report.js'
import { parsePeriod } from '../../../src/audit/reports/period.js'
import { renderings } from '../../../src/audit/reports/render.js'
import type { ReportSources } from '../../../src/audit/reports/report.js'
import { reports } from '../../../src/audit/reports/reports.js'
import { type FreshDatabase, freshDatabase } from '../../setup/database.js'
import { seed } from './dataset.js'

const GOLDEN = 'test/audit/reports/golden'
/** Who makes all reports here, with no other right but to read the protected table. */
const auditor = `auditor_${randomBytes(6).toString('hex')}`

let database: FreshDatabase
let sources: ReportSources
beforeAll(async () => {
  database = await freshDatabase()
  sources = await seed(database)
  for (const statement of [
    `CREATE ROLE ${auditor}`,
    ...auditGrants('auditor', auditor),
    `GRANT USAGE ON SCHEMA public TO ${auditor}`,
    `GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${auditor}`,
    `SET ROLE ${auditor}`,
    // Whatever the time zone of the server.
    `SET timezone = 'Asia/Tokyo'`,
  ]) {
    await database.client.query(statement)
  }
})
afterAll(async () => {
  await database.client.query(`RESET ROLE; DROP OWNED BY ${auditor}; DROP ROLE ${auditor}`)
  await database.drop()
})

const make = (name: string, period = '2026-Q3') => {
  const report = reports.find((each) => each.name === name)!
  return makeReport(report, sources, parsePeriod(period, sources.now), 'a reviewer')
}

describe('of the third quarter', () => {
  test.each(reports.map(({ name }) => name))('%s is as its golden file', async (name) => {
    const file = join(GOLDEN, `${name}.csv`)
    const csv = renderings.csv(await make(name))
    if (process.env.WAXSEAL_WRITE_GOLDEN && !existsSync(file)) writeFileSync(file, csv)
    expect(csv).toBe(readFileSync(file, 'utf8'))
  })

  test('no golden file is of a report that there is not', () => {
    expect(readdirSync(GOLDEN).sort()).toEqual(reports.map(({ name }) => `${name}.csv`).sort())
  })
})

test.each(reports.map(({ name }) => name))('%s looks at its period alone', async (name) => {
  const { rows } = await make(name, '2020')
  const ofNow = ['key-inventory', 'retention', 'coverage']
  if (!ofNow.includes(name)) expect(rows).toEqual([])
  if (name === 'key-inventory')
    expect(rows.map(({ wraps, unwraps }) => [wraps, unwraps])).toEqual([
      [0, 0],
      [0, 0],
    ])
})

test('the header says who asked for what, when, of how much, and which checkpoint covers it', async () => {
  const { header } = await make('denied')
  expect(header).toEqual({
    ...{ report: 'R18', name: 'denied', title: expect.any(String), schema_version: 1, report_id: expect.any(String) },
    ...{ generated_at: '2026-10-01T00:00:00.000Z', generated_by: 'a reviewer', environment: 'production' },
    ...{ period_from: '2026-07-01T00:00:00.000Z', period_to: '2026-10-01T00:00:00.000Z' },
    ...{ source_tables: expect.arrayContaining(['audit_event', 'ledger_end']), row_count: 3, population_count: 16 },
    ...{ software_version: expect.any(String), log_size: 5, log_root: '01'.repeat(32), sha256: expect.any(String) },
  })
})

test('a KMS that does not say what is current is a limit of the report, and makes no row stale', async () => {
  const limits = ['Which KEKs are current is not known: away']
  const unknown: ReportSources = { ...sources, currentKeks: async () => ({ keks: undefined, limits }) }
  for (const [name, column] of [
    ['key-inventory', 'current'],
    ['rotations', 'residual_rows'],
  ] as const) {
    const report = reports.find((each) => each.name === name)!
    const made = await makeReport(report, unknown, parsePeriod('2026-Q3', sources.now), 'a reviewer')
    expect(made.rows.map((row) => row[column])).toEqual(made.rows.map(() => null))
    expect(made.limits).toContain(limits[0])
  }
})

test('a list that is empty because nothing was found says in how much it was looked for', async () => {
  const counted = async (name: string, period: string) => {
    const { header } = await make(name, period)
    return [header.row_count, header.population_count]
  }
  expect(await counted('denied', '2026-08-20')).toEqual([0, 3])
  expect(await counted('key-states', '2026-07')).toEqual([0, 2])
  expect(await counted('control-failures', '2026-07')).toEqual([0, 6])
  for (const name of ['denied', 'key-states', 'control-failures', 'rotations']) {
    expect([name, ...(await counted(name, '2020'))]).toEqual([name, 0, 0])
  }
})

test('what is unaccounted says for how much of the period the trail was read, and what nobody reconciled', async () => {
  expect((await make('unaccounted')).limits).toEqual([
    expect.stringContaining('"not seen"'),
    '7 of 13 events and attempts of the period are not reconciled: nothing is known of them.',
    'The trail aws 111122223333/eu-central-1 was read for 132120 of 132480 minutes of the period; not from 2026-08-01T00:00:00.000Z to 2026-08-01T06:00:00.000Z.',
  ])
})

test('a provider that is called and has no trail is a limit of what is unaccounted', async () => {
  const called: ReportSources = { ...sources, withoutTrail: async () => ['acme'] }
  const report = reports.find(({ name }) => name === 'unaccounted')!
  const { limits } = await makeReport(report, called, parsePeriod('2026-Q3', sources.now), 'a reviewer')
  expect(limits).toContain('The trail of the provider "acme" is not mirrored: nothing accounts for its attempts.')
})

test('a changed row has another digest', async () => {
  const [before, after] = [await make('denied'), await make('denied', '2026-07')]
  expect((await make('denied')).header.sha256).toBe(before.header.sha256)
  expect(after.header.sha256).not.toBe(before.header.sha256)
})

test('the page for print escapes what strangers wrote, and loads nothing', async () => {
  const report = await make('unaccounted')
  const html = renderings.html({ ...report, rows: [{ ...report.rows[0], source: '<script>"&' }] })
  expect(html).toContain('&lt;script&gt;&quot;&amp;')
  expect(html).not.toMatch(/<script|src=|href=/)
})

test('what is not known of who may use a KEK is said, and no list that is missing looks like an empty one', async () => {
  const { limits } = await make('access')
  expect(limits).toEqual([
    'Who may use arn:aws:kms:eu-central-1:111122223333:key/k by its policy is known by 3 lists, from 2026-06-30T00:00:00.000Z to 2026-09-01T00:00:00.000Z; what changed twice between two lists is not seen.',
    '1 of 3 not complete, the last of 2026-06-30T00:00:00.000Z: IAM could not be read: AccessDenied',
    'who may assume a role is not followed',
  ])
  expect((await make('access', '2020')).limits).toEqual([
    'Who may use arn:aws:kms:eu-central-1:111122223333:key/k by its policy is not known: "waxseal audit access" did not ask for it.',
  ])
})
