import { randomUUID } from 'node:crypto'
import { appendFile, copyFile, open, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, jest, test } from '@jest/globals'
import { Journal } from '../../../src/audit/ledger/journal.js'
import { setAsideIn } from '../../../src/audit/ledger/journal-folder.js'
import { journalLine } from '../../../src/audit/ledger/journal-line.js'
import { attemptRow } from '../../../src/audit/ledger/ledger-row.js'
import { CONTEXT, textIn, until, untilBeat, useLedger } from './ledger-suite.js'

const suite = useLedger()
/** After so many heartbeats the journals of others were looked for. */
const SEARCHED_MS = 20_000

/** What a process leaves that wrote `count` rows into its journal and died, some time ago. */
async function left(folder: string, count = 1) {
  const writer = randomUUID()
  const ids = Array.from({ length: count }, () => randomUUID())
  const journal = new Journal(folder, writer)
  await journal.prepare()
  const rows = ids.map((callToken) =>
    attemptRow(
      { callToken, call: callToken, provider: 'fake', operation: 'unwrap', context: CONTEXT, startedAt: new Date() },
      writer,
      { actor: 'user:1' },
    ),
  )
  await journal.append(rows.map((row) => ({ ...row, writer })))
  const path = journal.path!
  await journal.finish()
  await suite.database.client.query(
    `INSERT INTO waxseal.ledger_writer (id, flushed_to, heartbeat_at)
      VALUES ($1, now() - interval '2 hours', clock_timestamp() - interval '2 hours')`,
    [writer],
  )
  return { writer, ids, path }
}

const idsOf = async (writer: string) => (await suite.attempts(writer)).map(({ id }) => id).sort()

test('what a process left that died is stored by the next, and its writer has ended', async () => {
  const folder = suite.folder()
  const dead = await left(folder, 3)
  const { ledger } = await suite.open({ journal: folder })
  expect(await suite.attempts(dead.writer)).toMatchObject([{ journalled: true, actor: 'user:1' }, {}, {}])
  expect(await idsOf(dead.writer)).toEqual([...dead.ids].sort())
  expect(ledger.statistics).toMatchObject({ replayed: 3, damaged: 0 })
  expect(await readdir(folder)).toEqual([])
  const { rows } = await suite.database.client.query(
    `SELECT dead.ended_at IS NOT NULL AS ended,
        ours.xmin::text::bigint > (SELECT max(written_in::text::bigint) FROM waxseal.ledger_attempt WHERE writer = $1) AS heard
      FROM waxseal.ledger_writer dead, waxseal.ledger_writer ours WHERE dead.id = $1 AND ours.id = $2`,
    [dead.writer, ledger.writer],
  )
  // After each file there is a sign of life: a long outage leaves many.
  expect(rows).toEqual([{ ended: true, heard: true }])
})

test('what a living process writes is left to it', async () => {
  const { proxy, connection } = await suite.proxied()
  const folder = suite.folder()
  const living = await suite.open({ connection, journal: folder })
  proxy.shut()
  await living.provider.currentKek(CONTEXT)
  const other = await suite.open({ journal: folder })
  await other.clock.advance(SEARCHED_MS)
  await other.ledger.close()
  expect(await suite.attempts(living.ledger.writer)).toEqual([])
  expect((await readdir(folder)).length).toBe(1)
})

test('a journal that comes again, and rows that Postgres had already, are stored once', async () => {
  const folder = suite.folder()
  const dead = await left(folder, 2)
  const again = dead.path.replace(/[0-9a-f-]{36}\./, `${randomUUID()}.`)
  await copyFile(dead.path, join(folder, again.split('/').at(-1)!))
  await suite.open({ journal: folder })
  expect(await idsOf(dead.writer)).toEqual([...dead.ids].sort())
})

test('two processes that find one journal store it once', async () => {
  const folder = suite.folder()
  const dead = await left(folder, 5)
  await Promise.all([suite.open({ journal: folder }), suite.open({ journal: folder })])
  await until(async () => (await readdir(folder)).length === 0)
  expect(await idsOf(dead.writer)).toEqual([...dead.ids].sort())
})

test('a line that was torn by the end of its process is no damage: nothing was sent for it', async () => {
  const folder = suite.folder()
  const dead = await left(folder, 2)
  const line = (await readFile(dead.path, 'utf8')).split('\n')[0]!
  await appendFile(dead.path, line.slice(0, line.length / 2))
  const { ledger, problems } = await suite.open({ journal: folder })
  expect(await idsOf(dead.writer)).toEqual([...dead.ids].sort())
  expect([ledger.statistics.damaged, problems]).toEqual([0, []])
})

test.each([
  ['changed', (line: string) => line.replace('user:1', 'user:2')],
  ['no line of ours', () => 'something else'],
  ['of a table that there is not', () => journalLine({ table: 'other', writer: '', values: {} } as never).trimEnd()],
])('a line that is %s is kept aside and reported, and the others are stored', async (_, damage) => {
  const folder = suite.folder()
  const dead = await left(folder, 3)
  const lines = (await readFile(dead.path, 'utf8')).split('\n')
  const damaged = damage(lines[1]!)
  await writeFile(dead.path, lines.with(1, damaged).join('\n'))
  const { ledger, problems } = await suite.open({ journal: folder })
  expect(await idsOf(dead.writer)).toEqual([dead.ids[0], dead.ids[2]].sort())
  expect(ledger.statistics.damaged).toBe(1)
  expect(problems).toMatchObject([{ kind: 'damaged', message: expect.stringContaining('.damaged') }])
  expect((await readdir(folder)).map((name) => name.split('.').at(-1))).toEqual(['damaged'])
  expect(await textIn(folder)).toBe(`${damaged}\n`)
})

test('lines that Postgres refuses are kept aside and reported, and keep no other line waiting', async () => {
  const folder = suite.folder()
  const dead = await left(folder, 5)
  const lines = (await readFile(dead.path, 'utf8')).split('\n')
  const refused = [1, 4].map((index) => {
    const row = JSON.parse(lines[index]!.slice(33))
    return journalLine({ ...row, values: { ...row.values, started_at: 'never' } })
  })
  await writeFile(dead.path, lines.with(1, refused[0]!.trimEnd()).with(4, refused[1]!.trimEnd()).join('\n'))
  const { ledger, problems } = await suite.open({ journal: folder })
  expect(await idsOf(dead.writer)).toEqual([0, 2, 3].map((index) => dead.ids[index]).sort())
  expect(ledger.statistics).toMatchObject({ replayed: 3, refused: 2, isAway: false })
  expect(problems).toMatchObject([{ kind: 'refused', message: expect.stringContaining('.refused') }])
  expect(await setAsideIn(folder)).toEqual([expect.stringMatching(/\.refused$/)])
  expect(await textIn(folder)).toBe(refused.join(''))
})

test('a process that was taken for dead writes its rows again, into a file that nobody took', async () => {
  const { proxy, connection } = await suite.proxied()
  const folder = suite.folder()
  const { ledger, provider, clock } = await suite.open({ connection, journal: folder })
  proxy.shut()
  await provider.currentKek(CONTEXT)
  const [name] = await readdir(folder)
  await rename(join(folder, name!), join(folder, 'taken'))
  await provider.currentKek(CONTEXT)
  const files = (await readdir(folder)).filter((each) => each !== 'taken')
  expect(files.length).toBe(1)
  proxy.open()
  await untilBeat(clock, () => !ledger.statistics.isAway && ledger.statistics.replayed >= 2)
  expect((await suite.attempts(ledger.writer)).length).toBe(1)
})

test('a row is on disk before anything is sent, and the name of its file too', async () => {
  const folder = suite.folder()
  const journal = new Journal(folder, randomUUID())
  await journal.prepare()
  const handle = await open(folder)
  const onDisk: string[] = []
  for (const how of ['datasync', 'sync'] as const) {
    const own = handle[how]
    jest.spyOn(Object.getPrototypeOf(handle), how).mockImplementation(async function (this: unknown) {
      await own.call(this as typeof handle)
      onDisk.push(how)
    })
  }
  await handle.close()
  const row = { table: 'application_event', writer: '', values: {} } as const
  await journal.append([row])
  await journal.append([row])
  await journal.finish()
  jest.restoreAllMocks()
  expect(onDisk).toEqual(['sync', 'datasync', 'datasync'])
})

test('a long outage fills many files, none of them larger than can be read', async () => {
  const folder = suite.folder()
  const writer = randomUUID()
  const journal = new Journal(folder, writer)
  await journal.prepare()
  const row = { table: 'application_event', writer, values: { detail: 'x'.repeat(3 * 1024 * 1024) } } as const
  for (let rows = 0; rows < 4; rows++) await journal.append([row])
  await journal.finish()
  const sizes = await Promise.all((await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size))
  expect(sizes.map((size) => Math.floor(size / row.values.detail.length)).sort()).toEqual([1, 3])
})
