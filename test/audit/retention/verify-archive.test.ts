import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { leafOf } from '../../../src/audit/integrity/canonical-record.js'
import { timeText } from '../../../src/audit/integrity/record-columns.js'
import { proveInclusion, readRange, readSize } from '../../../src/audit/integrity/tree.js'
import { verifyInclusion } from '../../../src/audit/integrity/verify-inclusion.js'
import { retainAudit } from '../../../src/audit/retention/retain.js'
import { verifyArchive } from '../../../src/audit/retention/verify-archive.js'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { monthOf, NOW, partitionsOf } from './month.js'

const folder = mkdtempSync(join(tmpdir(), 'waxseal-archives-'))
let database: FreshDatabase
let places: Record<string, string>
beforeAll(async () => {
  database = await databaseWithSchema()
  await monthOf(database.client, '2026-07')
  await monthOf(database.client, '2026-09')
  const { months } = await retainAudit(database.client, { folder, now: NOW })
  places = Object.fromEntries(months[0]!.archives.map(({ table, place }) => [table, place]))
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await database.drop()
})

/** The archive with other contents, under its name. */
function altered(table: string, change: (text: string) => string): string {
  const place = join(mkdtempSync(join(folder, 'altered-')), places[table]!.split('/').at(-1)!)
  writeFileSync(place, gzipSync(change(gunzipSync(readFileSync(places[table]!)).toString())))
  return place
}

describe('an archive is not what it was', () => {
  const unknown = 'no archive with this digest was written down'

  test('with another actor: the log knows', async () => {
    const place = altered('ledger_attempt', (text) => text.replace('"alice"', '"eve"'))
    const { problems } = await verifyArchive(database.client, place)
    expect(problems).toEqual([expect.stringMatching(/^attempt \S+ is not what the log says it was$/), unknown])
  })

  test('with a row that never was', async () => {
    const place = altered('application_event', (text) => text + text.replace(/"id":"[^"]+/, `"id":"${randomUUID()}`))
    const { rows, problems } = await verifyArchive(database.client, place)
    expect({ rows, problems }).toEqual({
      rows: 2,
      problems: [expect.stringContaining('has no leaf in the log'), unknown],
    })
  })

  test('without its rows', async () => {
    expect(
      (
        await verifyArchive(
          database.client,
          altered('ledger_end', () => ''),
        )
      ).problems,
    ).toEqual([unknown])
  })

  test('of a table that is no leaf of the log: its digest was written down', async () => {
    const place = altered('event_state', (text) => text.replace('exact', 'token'))
    expect((await verifyArchive(database.client, place)).problems).toEqual([unknown])
  })

  test('with a column that the table has not', async () => {
    const place = altered('event_state', (text) => text.replace('"rule"', '"rules"'))
    expect((await verifyArchive(database.client, place)).problems).toEqual([
      '1 rows do not come back as they were',
      unknown,
    ])
  })

  test('with a row of another table, which has neither id nor time here', async () => {
    const { problems } = await verifyArchive(
      database.client,
      altered('audit_event', () => '{}\n'),
    )
    expect(problems).toEqual(['1 rows do not come back as they were', '1 rows have no id or no time', unknown])
  })

  test('with what is no row', async () => {
    const place = altered('event_state', (text) => text.replace('{', ''))
    expect((await verifyArchive(database.client, place)).problems).toEqual([
      'lines that are no rows of event_state (SQLSTATE 22P02)',
      unknown,
    ])
  })

  test('cut off in the middle', async () => {
    const place = altered('audit_event', (text) => text)
    writeFileSync(place, readFileSync(place).subarray(0, -20))
    expect((await verifyArchive(database.client, place)).problems).toContain(
      'it cannot be read to its end (Z_BUF_ERROR)',
    )
  })
})

test('a file that is not there', async () => {
  const { problems } = await verifyArchive(
    database.client,
    join(folder, 'audit_event_202607_0000000000000000.jsonl.gz'),
  )
  expect(problems).toContain('it cannot be read to its end (ENOENT)')
})

test.each(['archive.jsonl.gz', 'pg_class_202607_0000000000000000.jsonl.gz'])(
  '%s is the archive of no table',
  async (name) => {
    await expect(verifyArchive(database.client, join(folder, name))).rejects.toMatchObject({
      code: 'ERR_CONFIGURATION',
    })
  },
)

test('a row comes back by the statement of the page', async () => {
  const { client } = database
  const [, statement = ''] = /```sql\n(INSERT [^\n]+)\n```/.exec(readFileSync('docs/audit-retention.md', 'utf8'))!
  const line = gunzipSync(readFileSync(places.audit_event!)).toString().trimEnd()
  await client.query('BEGIN')
  await client.query(`SELECT waxseal.ensure_audit_month('2026-07-01')`)
  await client.query(statement, [line])
  const { rows } = await client.query(`SELECT raw FROM waxseal.audit_event WHERE event_time < '2026-08-01'`)
  await client.query('ROLLBACK')
  expect(rows).toEqual([{ raw: JSON.parse(line).raw }])
})

test('a month is gone, and the proofs of all records still verify', async () => {
  const { client } = database
  expect(await partitionsOf(client, '2026-07')).toBe(0)
  const size = await readSize(client)
  const root = (await readRange(client, size)).root()
  const { rows } = await client.query(
    `SELECT kind, record AS id, ${timeText('record_time')} AS time, digest, position::int FROM waxseal.log_leaf ORDER BY position`,
  )
  expect(rows.map(({ time }) => time.slice(0, 7))).toEqual(expect.arrayContaining(['2026-07', '2026-09']))
  const paths = await proveInclusion(
    client,
    rows.map(({ position }) => position),
    size,
  )
  for (const [index, { position, ...content }] of rows.entries()) {
    expect(verifyInclusion(leafOf(content), { position, size, path: paths[index]! }, root)).toBe(true)
  }
})
