import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import pg from 'pg'
import { type ArchiveFile, readArchive, writeArchive } from '../../../src/audit/retention/archive-file.js'
import { liftHold, listHolds, placeHold } from '../../../src/audit/retention/holds.js'
import { listMonths } from '../../../src/audit/retention/months.js'
import { retainAudit } from '../../../src/audit/retention/retain.js'
import { verifyArchive } from '../../../src/audit/retention/verify-archive.js'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { AuditRows } from '../review/rows.js'
import { JULY, monthOf, NOW, partitionsOf, sign } from './month.js'

let database: FreshDatabase
let folder: string
beforeAll(async () => {
  database = await databaseWithSchema()
})
afterAll(() => database.drop())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waxseal-archives-'))
})
afterEach(async () => {
  rmSync(folder, { recursive: true })
  const { client } = database
  for (const { id, lifted } of await listHolds(client)) if (!lifted) await liftHold(client, id, 'the test is over')
  for (const { name, partitions } of await listMonths(client)) {
    if (!MONTHS.includes(name)) continue
    for (const { partition } of partitions) await client.query(`DROP TABLE waxseal.${partition}`)
  }
})

const MONTHS = ['2026-07', '2026-09']
const TABLES = 8
const retain = (settings = {}) => retainAudit(database.client, { folder, now: NOW, ...settings })

test('a month whose time is over is archived and dropped; one that is younger stays', async () => {
  const { client } = database
  await monthOf(client, '2026-07')
  await monthOf(client, '2026-09')
  const progress: number[] = []
  const { months } = await retain({ onProgress: (rows: number) => progress.push(rows) })
  expect(months).toMatchObject([{ month: '2026-07', state: 'dropped', objections: [] }])
  expect([await partitionsOf(client, '2026-07'), await partitionsOf(client, '2026-09')]).toEqual([0, TABLES])
  const { archives } = months[0]!
  expect(archives.map(({ table }) => table).sort()).toEqual([
    'application_event',
    'attempt_state',
    'audit_event',
    'event_state',
    'ledger_attempt',
    'ledger_end',
  ])
  expect(progress).toEqual(archives.map(() => 1))
  for (const { place, rows, sha256, table } of archives) {
    expect(await verifyArchive(client, place)).toEqual({ table, rows, sha256, problems: [] })
    expect(statSync(place).mode & 0o777).toBe(0o600)
  }
  const { rows: purges } = await client.query(
    `SELECT table_name, month::text, rows::int, purged_by = session_user AS mine FROM waxseal.audit_purge
      JOIN waxseal.audit_archive a ON a.id = archive WHERE place = $1`,
    [archives.find(({ table }) => table === 'audit_event')?.place],
  )
  expect(purges).toEqual([{ table_name: 'audit_event', month: '2026-07-01', rows: 1, mine: true }])
})

test('hot says how long records stay in the database', async () => {
  await monthOf(database.client, '2026-07')
  expect(await retain({ hot: '120d' })).toMatchObject({ months: [] })
  expect(await retain({ hot: '115d' })).toMatchObject({ months: [{ state: 'dropped' }] })
})

test('total says when an archive need not be kept, unless it is held', async () => {
  const { client } = database
  await monthOf(client, '2026-07')
  await retain()
  const later = new Date('2027-09-06')
  const expiredIn = async (total: string) => {
    const { expired } = await retain({ now: later, hot: '380d', total })
    return expired.filter(({ place }) => place.startsWith(folder))
  }
  expect(await expiredIn('402d')).toEqual([])
  expect(await expiredIn('400d')).toHaveLength(6)
  await placeHold(client, { ...JULY, reason: 'case 1' })
  expect(await expiredIn('400d')).toEqual([])
  expect(readdirSync(folder)).toHaveLength(6)
})

test('without a folder nothing is changed', async () => {
  await monthOf(database.client, '2026-07')
  const { months } = await retainAudit(database.client, { now: NOW })
  expect(months).toEqual([{ month: '2026-07', state: 'due', objections: [], archives: [] }])
  expect(await partitionsOf(database.client, '2026-07')).toBe(TABLES)
})

describe('a month is kept', () => {
  let rows: AuditRows
  const AT = '2026-07-10T12:00:00Z'
  beforeEach(async () => {
    await monthOf(database.client, '2026-07')
    rows = new AuditRows(database.client)
  })

  async function keptFor(): Promise<readonly string[]> {
    const { months } = await retain()
    expect(months).toMatchObject([{ month: '2026-07', state: 'kept' }])
    expect([await partitionsOf(database.client, '2026-07'), readdirSync(folder)]).toEqual([TABLES, []])
    return months[0]!.objections
  }

  test('under a hold, until it is lifted', async () => {
    const { client } = database
    const { id } = await placeHold(client, {
      from: new Date('2026-07-31T23:00:00Z'),
      to: new Date('2026-09-01'),
      reason: 'case 1',
    })
    expect(await keptFor()).toEqual([`held (${id}): case 1`])
    await liftHold(client, id, 'settled')
    expect((await listHolds(client)).at(-1)).toMatchObject({ id, lifted: { reason: 'settled' } })
    expect(await retain()).toMatchObject({ months: [{ state: 'dropped' }] })
  })

  test('when an event is not reconciled', async () => {
    await rows.event(AT)
    await sign(database.client)
    expect(await keptFor()).toEqual([expect.stringContaining('events are not reconciled')])
  })

  test('when an attempt is open', async () => {
    await rows.attemptState(await rows.attempt(AT), AT, { state: 'missing_suspected' })
    await sign(database.client)
    expect(await keptFor()).toEqual([expect.stringContaining('attempts are not reconciled')])
  })

  test('when a record has no leaf', async () => {
    await rows.application(AT)
    expect(await keptFor()).toEqual([expect.stringContaining('kinds application stand in no checkpoint')])
  })

  test('when no checkpoint covers a record', async () => {
    await rows.application(AT)
    const { client } = database
    await client.query('ALTER TABLE waxseal.log_checkpoint DISABLE TRIGGER USER')
    await sign(client)
    await client.query('DELETE FROM waxseal.log_checkpoint WHERE size = (SELECT max(size) FROM waxseal.log_checkpoint)')
    expect(await keptFor()).toEqual([expect.stringContaining('kinds application stand in no checkpoint')])
  })
})

describe('nothing is dropped', () => {
  /** Does something on another connection while rows are being archived: after what was asked, and before the drop. */
  async function duringArchive(change: () => Promise<unknown>) {
    const { client } = database
    const query = async (text: string, values?: unknown[]) => {
      if (text.includes(`SET LOCAL lock_timeout`)) await change()
      return client.query(text, values)
    }
    return retainAudit({ query }, { folder, now: NOW })
  }

  test('when a hold is placed while it is archived', async () => {
    const { client, url } = database
    await monthOf(client, '2026-07')
    const other = new pg.Client({ connectionString: url })
    await other.connect()
    const held = duringArchive(() => placeHold(other, { ...JULY, reason: 'case 1' }))
    await expect(held).rejects.toMatchObject({ code: 'ERR_CONFIGURATION', message: expect.stringContaining('case 1') })
    await other.end()
    expect(await partitionsOf(client, '2026-07')).toBe(TABLES)
  })

  test('when an event comes while it is archived; the next time it is in the archive', async () => {
    const { client, url } = database
    await monthOf(client, '2026-07')
    const other = new pg.Client({ connectionString: url })
    await other.connect()
    const late = duringArchive(async () => {
      await new AuditRows(other).application('2026-07-31T23:59:59Z')
      await sign(other)
    })
    await expect(late).rejects.toMatchObject({
      message: expect.stringContaining('rows of application_event came after'),
    })
    await other.end()
    const { months } = await retain()
    const archive = months[0]!.archives.find(({ table }) => table === 'application_event')!
    expect(archive.rows).toBe(2)
    expect(existsSync(archive.place)).toBe(true)
  })
})

test('one run works on a database at a time: another is refused', async () => {
  await monthOf(database.client, '2026-07')
  const other = new pg.Client(database.url)
  await other.connect()
  await other.query(`SELECT pg_advisory_lock(hashtextextended('waxseal retain', 0))`)
  await expect(retain()).rejects.toMatchObject({
    code: 'ERR_CONFIGURATION',
    message: expect.stringContaining('another run'),
  })
  expect((await retainAudit(database.client, { now: NOW })).months).toMatchObject([{ state: 'due' }])
  await other.end()
  expect(await partitionsOf(database.client, '2026-07')).toBe(TABLES)
})

test('two that write a table of the same name into one folder, as for two databases, do not meet in one file', async () => {
  let second: ArchiveFile | undefined
  async function* first() {
    yield 'a line of the first'
    second = await writeArchive(folder, 'audit_event_202607', linesOf('a line of the second'))
    yield 'another line of the first'
  }
  async function* linesOf(line: string) {
    yield line
  }
  const written = writeArchive(folder, 'audit_event_202607', first())
  await expect(written).resolves.toMatchObject({ rows: 2 })
  const { place } = await written
  const read = async (file: string) => {
    const lines: string[] = []
    for await (const batch of readArchive(file)) lines.push(...batch)
    return lines
  }
  expect(await read(place)).toEqual(['a line of the first', 'another line of the first'])
  expect(await read(second!.place)).toEqual(['a line of the second'])
})

test('an interrupt ends it before anything is dropped, leaves no half file, and the next run does it', async () => {
  await monthOf(database.client, '2026-07')
  const controller = new AbortController()
  const stopped = retain({ signal: controller.signal, onProgress: () => controller.abort(new Error('stopped')) })
  await expect(stopped).rejects.toThrow('stopped')
  expect(await partitionsOf(database.client, '2026-07')).toBe(TABLES)
  expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])
  expect((await retain()).months).toMatchObject([{ state: 'dropped' }])
})
