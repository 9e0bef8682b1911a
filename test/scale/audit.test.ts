import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { exportAudit } from '../../src/audit/export/export-audit.js'
import { readMirrorStatus } from '../../src/audit/mirror/mirror-status.js'
import type { AuditQuery } from '../../src/audit/review/query.js'
import { countAudit, searchAudit } from '../../src/audit/review/search.js'
import { showRecord } from '../../src/audit/review/show.js'
import { installSchema } from '../../src/lifecycle/index.js'
import { fillTables, MONTHS } from '../audit/review/large-tables.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'

/** Events of a trail. Large by `npm run test:scale`, and larger by an environment variable. */
const size = Number(process.env.WAXSEAL_SCALE_EVENTS ?? process.env.WAXSEAL_SCALE_ROWS ?? 1_500)
/** Attempts, and application events, of an event: one of each, unless the disk says otherwise. */
const ownShare = Number(process.env.WAXSEAL_SCALE_OWN_SHARE ?? 1)
/** A machine that does nothing else is what `npm run test:scale` is for: elsewhere times say nothing. */
const isMeasured = process.env.WAXSEAL_SCALE_ROWS !== undefined
const RUNS = isMeasured ? 200 : 2
/** As long as ten million take on a small machine. */
const HOURS = 6 * 3_600_000
const QUARTER = { from: new Date('2026-04-01'), to: new Date('2026-07-01') }
const MAY = { from: new Date('2026-05-01'), to: new Date('2026-06-01') }

let database: FreshDatabase
beforeAll(async () => {
  database = await freshDatabase()
  await installSchema(database.client)
})
afterAll(() => database.drop())

const find = (query: AuditQuery) => () => searchAudit(database.client, { ...MAY, ...query })

/** `isPoint`: by key or actor, within a time. On a machine that does nothing else, 95 % take 10 ms at most. */
const QUERIES: Record<string, { readonly run: () => Promise<unknown>; readonly isPoint?: true }> = {
  'the newest, of a quarter': { run: find(QUARTER) },
  'a key, of a month': { run: find({ key: 'k-7' }), isPoint: true },
  'an actor, of a month': { run: find({ actor: 'a-7', kinds: ['attempt', 'application'] }), isPoint: true },
  'a principal, of a month': { run: find({ actor: 'arn:p/7', kinds: ['event'] }), isPoint: true },
  'principals by their beginning': { run: find({ actor: 'arn:p/1*', kinds: ['event'] }) },
  'a tenant, of a quarter': { run: find({ ...QUARTER, tenant: 't-7' }) },
  'a credential, of a quarter': { run: find({ ...QUARTER, entity: 'account', row: '7' }) },
  'a request, of a quarter': { run: find({ ...QUARTER, requestId: `r-2026-05-0117` }) },
  'what was denied, of a quarter': { run: find({ ...QUARTER, outcome: 'denied' }) },
  'what nobody accounts for': { run: find({ ...QUARTER, state: 'unaccounted' }) },
  'what nobody accounts for, of a key': { run: find({ ...QUARTER, state: 'unaccounted', key: 'k-7' }) },
  'what was accounted for': { run: find({ ...QUARTER, state: 'accounted' }) },
  'what is missing': { run: find({ ...QUARTER, state: 'missing' }) },
  'looks at the audit': { run: find({ ...QUARTER, category: 'audit' }) },
  'a count, up to 10,000': { run: () => countAudit(database.client, { ...QUARTER, key: 'k-7' }) },
  'one record': { run: show },
  'the status of the mirror': { run: () => readMirrorStatus(database.client) },
}

async function show() {
  const { records } = await searchAudit(database.client, { ...MAY, kinds: ['event'] }, { limit: 1 })
  return showRecord(database.client, records[0]!.id)
}

async function timesOf(run: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = []
  for (let n = 0; n < RUNS; n++) {
    const start = performance.now()
    await run()
    times.push(performance.now() - start)
  }
  return times.sort((a, b) => a - b)
}

const at = (times: readonly number[], part: number) => times[Math.ceil(times.length * part) - 1]!

test(
  'each query of search and status, while the tables grow a hundredfold',
  async () => {
    const slow: string[] = []
    let filled = 0
    for (const records of [size / 100, size / 10, size].map(Math.ceil)) {
      const rows = Math.ceil((records - filled) / MONTHS.length)
      await fillTables(database.client, rows, Math.ceil(rows * ownShare))
      filled = records
      await database.client.query('VACUUM ANALYZE')
      console.log(`${records.toLocaleString('en')} events`)
      for (const [what, { run, isPoint }] of Object.entries(QUERIES)) {
        const times = await timesOf(run)
        const [median, most, longest] = [at(times, 0.5), at(times, 0.95), at(times, 1)]
        console.log(
          `  ${what}: median ${median.toFixed(1)} ms, 95 % within ${most.toFixed(1)} ms, longest ${longest.toFixed(1)} ms${isPoint && most > 10 ? ': more than 10 ms' : ''}`,
        )
        if (longest > 2_000) slow.push(`${what} of ${records} events`)
      }
    }
    const { records } = await searchAudit(database.client, { ...QUARTER, key: 'k-7' })
    expect(records.length).toBeGreaterThan(0)
    expect(isMeasured ? slow : []).toEqual([])
  },
  HOURS,
)

test(
  'an export of all of them keeps its memory flat',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'waxseal-scale-'))
    const heap: number[] = []
    const start = performance.now()
    const onProgress = () => heap.push(process.memoryUsage().heapUsed / 2 ** 20)
    const { counts } = await exportAudit(database.client, QUARTER, {
      folder: join(folder, 'export'),
      format: 'csv',
      onProgress,
    })
    rmSync(folder, { recursive: true })
    const [first, second] = [heap.slice(0, heap.length / 2), heap.slice(heap.length / 2)]
    const [before, after] = [Math.max(...first), Math.max(...second)]
    const seconds = (performance.now() - start) / 1_000
    console.log(
      `${JSON.stringify(counts)} exported in ${seconds.toFixed(1)} s; heap at most ${before.toFixed(0)} MB, then ${after.toFixed(0)} MB`,
    )
    expect(counts['event']).toBe(Math.ceil(size / MONTHS.length) * MONTHS.length)
    expect(after).toBeLessThan(before + 100)
  },
  HOURS,
)
