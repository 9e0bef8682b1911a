import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Transpiled, transpile } from '../setup/transpile.js'
import { Accounts } from './accounts.js'
import { Child } from './child.js'
import { type Setting, scale, WRITERS, writerOf } from './setting.js'
import type { WriterReport } from './writer.js'

/** Calls to the KMS that a rewrapped row takes: one that wraps, one that proves it. */
const CALLS_PER_ROW = 2
const WORKERS = 3
const MINUTES = 60_000

let accounts: Accounts
let writer: Transpiled
let worker: Transpiled
beforeAll(async () => {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  writer = transpile(root, 'test/scale/writer.ts')
  worker = transpile(root, 'test/scale/worker.ts')
  accounts = await Accounts.create()
})
afterAll(async () => {
  writer.remove()
  worker.remove()
  await accounts.database.drop()
})

test(
  `${scale.rows} rows, four writers, three workers of whom one is killed again and again: nothing is lost, and each row is moved once`,
  async () => {
    const seeded = await accounts.seed(scale.rows)
    const untouched = seeded.filter((id) => writerOf(id) >= WRITERS)
    const before = await accounts.fieldDigest(untouched)
    await recordRewraps()

    const rate = (scale.rows * CALLS_PER_ROW) / scale.seconds
    const setting: Setting = {
      url: accounts.database.url,
      keys: accounts.keys,
      currentKey: 2,
      batchRows: scale.batchRows,
      rate,
    }
    const writers = await Promise.all(
      Array.from({ length: WRITERS }, (_, k) => Child.start(writer.file, setting, { WRITER: String(k) })),
    )
    const kills = await rotateWithKills(setting)
    for (const each of writers) each.stop()
    const reports = (await Promise.all(writers.map((each) => each.last()))) as WriterReport[]

    expect(kills).toBeGreaterThanOrEqual(scale.kills)
    expect(reports.flatMap(({ errors }) => errors)).toEqual([])
    expect(reports.every(({ writes }) => writes > 0)).toBe(true)
    expect(await accounts.fieldDigest(untouched)).toBe(before)
    expect(await accounts.count(`${kekOf(accounts)} NOT LIKE '2-%'`)).toBe(0)
    await expectStored(seeded, reports)
    await expectCounts(untouched.length)
  },
  20 * MINUTES,
)

const kekOf = ({ table }: Accounts) => `"${table.metadata}" #>> '{wraps,0,kek,version}'`

/** Three workers at a time, of whom the oldest is killed and replaced until enough were. Returns how many were. */
async function rotateWithKills(setting: Setting): Promise<number> {
  const start = () => Child.start(worker.file, setting)
  const everyMs = Math.min(1_000, (scale.seconds * 1_000) / (scale.kills + 1))
  const workers = await Promise.all(Array.from({ length: WORKERS }, start))
  let kills = 0
  while (kills < scale.kills && (await isOpen())) {
    await setTimeout(everyMs)
    const victim = workers.shift()!
    if (victim.isRunning) {
      await victim.kill()
      kills++
    } else await victim.last()
    workers.push(await start())
  }
  await Promise.all(workers.map((each) => each.last()))
  return kills
}

async function isOpen(): Promise<boolean> {
  const { rows } = await accounts.database.client.query(`SELECT FROM waxseal.run WHERE state = 'finished'`)
  return rows.length === 0
}

/** A trigger of the test's own notes each wrap that rose, whoever raised it. */
async function recordRewraps(): Promise<void> {
  const { client } = accounts.database
  await client.query('CREATE TABLE rewrapped (id uuid NOT NULL)')
  await client.query(
    `CREATE FUNCTION note_rewrap() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN INSERT INTO rewrapped VALUES (NEW.id); RETURN NULL; END'`,
  )
  await client.query(
    `CREATE TRIGGER note_rewrap AFTER UPDATE ON ${accounts.name} FOR EACH ROW
      WHEN (OLD."${accounts.table.metadata}" -> 'wrap' < NEW."${accounts.table.metadata}" -> 'wrap')
      EXECUTE FUNCTION note_rewrap()`,
  )
}

/** What is stored is what was last written, by whomever. */
async function expectStored(seeded: readonly string[], reports: readonly WriterReport[]): Promise<void> {
  const expected = new Map(seeded.map((id) => [id, accounts.plaintextOf(id)]))
  for (const [id, plaintext] of reports.flatMap(({ written }) => Object.entries(written))) {
    if (plaintext) expected.set(id, plaintext)
    else expected.delete(id)
  }
  const stored = await accounts.decrypted()
  expect(stored.size).toBe(expected.size)
  const wrong = [...expected].filter(([id, plaintext]) => {
    const found = stored.get(id)
    return found?.password !== plaintext.password || found.token !== plaintext.token
  })
  expect(wrong.map(([id]) => id)).toEqual([])
}

/** What the runs have counted is what the trigger has noted, whatever was killed. */
async function expectCounts(untouched: number): Promise<void> {
  const { client } = accounts.database
  const noted = await client.query('SELECT count(*)::int AS rows, count(DISTINCT id)::int AS different FROM rewrapped')
  const counted = await client.query(
    `SELECT name, sum(rows)::int AS rows FROM waxseal.run_count WHERE name IN ('rewrapped', 'compared') GROUP BY name ORDER BY name`,
  )
  const { rows } = noted.rows[0]
  expect(noted.rows).toEqual([{ rows, different: rows }])
  expect(counted.rows).toEqual([
    { name: 'compared', rows },
    { name: 'rewrapped', rows },
  ])
  expect(rows).toBeGreaterThanOrEqual(untouched)
  expect((await client.query('SELECT FROM waxseal.run_failure')).rows).toEqual([])
}
