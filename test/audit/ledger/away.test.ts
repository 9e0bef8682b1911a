import { mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import pg from 'pg'
import { withActor } from '../../../src/audit/index.js'
import { DataKey } from '../../../src/kms/data-key.js'
import { CONTEXT, textIn, until, untilBeat, useLedger } from './ledger-suite.js'

const suite = useLedger()
const isStored = (attempts: readonly Record<string, any>[]) => attempts.map(({ ends }) => ends.length)

test('while Postgres is away, calls are in a journal for us alone; once it is back they are stored and marked', async () => {
  const { proxy, connection } = await suite.proxied()
  const folder = suite.folder()
  const { ledger, kms, provider, clock, problems } = await suite.open({ connection, journal: folder })
  proxy.shut()
  await withActor({ actor: 'user:1' }, () => provider.generateDataKey(CONTEXT))
  expect(kms.calls.length).toBe(1)
  expect(problems).toMatchObject([{ kind: 'away' }])
  expect(ledger.statistics).toMatchObject({ isAway: true, stored: 0, journalled: 2, unrecorded: 0 })
  const [name] = await readdir(folder)
  expect((await stat(join(folder, name!))).mode & 0o777).toBe(0o600)
  expect((await stat(folder)).mode & 0o777).toBe(0o700)
  expect(await suite.attempts(ledger.writer)).toEqual([])

  proxy.open()
  await untilBeat(clock, () => ledger.statistics.replayed === 2)
  expect(await suite.attempts(ledger.writer)).toMatchObject([
    { operation: 'generateDataKey', actor: 'user:1', journalled: true, ends: [{ journalled: true }] },
  ])
  await until(async () => (await readdir(folder)).length === 0)
  await provider.currentKek(CONTEXT)
  expect(await suite.attempts(ledger.writer)).toMatchObject([{ journalled: true }, { journalled: false }])
})

test('a session that is terminated, and one whose answer is lost, need no journal, and no row is stored twice', async () => {
  const { proxy, connection } = await suite.proxied()
  const { ledger, provider } = await suite.open({ connection })
  await provider.currentKek(CONTEXT)
  const sessions = `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = $1`
  await suite.database.client.query(sessions, [`waxseal ledger ${ledger.writer}`])
  await provider.currentKek(CONTEXT)
  for (const when of ['before', 'after'] as const) {
    for (const table of ['ledger_attempt', 'ledger_end']) {
      proxy.cut(`INSERT INTO waxseal.${table}`, when)
      await provider.currentKek(CONTEXT)
    }
  }
  expect(isStored(await suite.attempts(ledger.writer))).toEqual([1, 1, 1, 1, 1, 1])
  expect(ledger.statistics).toMatchObject({ isAway: false, stored: 12 })
})

test('a statement that was lost and still runs is ended before its rows are stored again', async () => {
  const { proxy, connection } = await suite.proxied()
  const { ledger, provider } = await suite.open({ connection })
  const waiting = async (): Promise<number[]> => {
    const { rows } = await suite.database.client.query(
      `SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'`,
      [`waxseal ledger ${ledger.writer}`],
    )
    return rows.map(({ pid }) => pid)
  }
  const locking = new pg.Client({ connectionString: suite.database.url })
  await locking.connect()
  await locking.query('BEGIN; LOCK TABLE waxseal.ledger_attempt IN EXCLUSIVE MODE')
  const call = provider.currentKek(CONTEXT)
  try {
    await until(async () => (await waiting()).length === 1)
    const [lost] = await waiting()
    proxy.shut()
    proxy.open()
    await until(async () => (await waiting()).some((pid) => pid !== lost))
    expect(await waiting()).not.toContain(lost)
  } finally {
    await locking.end()
  }
  await call
  expect(isStored(await suite.attempts(ledger.writer))).toEqual([1])
})

test('behind a pooler, which hides the session, rows are stored again all the same, and replayed', async () => {
  const { proxy, connection } = await suite.proxied()
  proxy.hideSessions()
  const { ledger, provider, clock } = await suite.open({ connection, journal: suite.folder() })
  proxy.cut('INSERT INTO waxseal.ledger_attempt', 'before')
  await provider.currentKek(CONTEXT)
  expect(ledger.statistics).toMatchObject({ isAway: false, stored: 2 })
  proxy.shut()
  await provider.currentKek(CONTEXT)
  proxy.open()
  await untilBeat(clock, () => ledger.statistics.replayed === 2)
  expect(isStored(await suite.attempts(ledger.writer))).toEqual([1, 1])
})

test('without Postgres and without a journal an unwrap is refused before it is sent, and a wrap goes on', async () => {
  const { proxy, connection } = await suite.proxied()
  const { ledger, kms, provider, clock, problems } = await suite.open({ connection })
  const { wrapped } = await kms.generateDataKey(CONTEXT)
  kms.clearCalls()
  proxy.shut()
  const refused = { code: 'ERR_KMS_UNAVAILABLE', retryable: true, message: expect.stringContaining('refused') }
  await expect(provider.unwrap(wrapped, CONTEXT)).rejects.toMatchObject(refused)
  await expect(provider.rewrap(wrapped, CONTEXT)).rejects.toMatchObject(refused)
  expect(kms.calls).toEqual([])
  await provider.wrap(DataKey.generate(), CONTEXT)
  await provider.generateDataKey(CONTEXT)
  await provider.currentKek(CONTEXT)
  expect(ledger.statistics).toMatchObject({ unrecorded: 3, stored: 0 })
  expect(problems.map(({ kind }) => kind)).toEqual(['away', 'unrecorded'])

  proxy.open()
  await untilBeat(clock, () => !ledger.statistics.isAway)
  await provider.unwrap(wrapped, CONTEXT)
  expect(await suite.attempts(ledger.writer)).toMatchObject([{ operation: 'unwrap', ends: [{}] }])
})

test('each operation may be refused, or may go on', async () => {
  const { proxy, connection } = await suite.proxied()
  const { kms, provider } = await suite.open({ connection, whenUnavailable: { unwrap: 'proceed', wrap: 'refuse' } })
  const { wrapped } = await kms.generateDataKey(CONTEXT)
  proxy.shut()
  await provider.unwrap(wrapped, CONTEXT)
  await expect(provider.wrap(DataKey.generate(), CONTEXT)).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE' })
})

test('a journal that takes nothing is as none: an unwrap is refused, and its data key is not given out', async () => {
  const { proxy, connection } = await suite.proxied()
  const folder = suite.folder()
  const { kms, provider } = await suite.open({ connection, journal: folder })
  const { wrapped } = await kms.generateDataKey(CONTEXT)
  kms.clearCalls()
  kms.faults.inject({
    async transport({ options }, send) {
      // The attempt is stored; its end is not.
      proxy.shut()
      await rename(folder, `${folder}-gone`)
      await writeFile(folder, 'no folder')
      return send(options)
    },
  })
  await expect(provider.unwrap(wrapped, CONTEXT)).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE' })
  expect(kms.calls.length).toBe(1)
  await expect(provider.unwrap(wrapped, CONTEXT)).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE' })
  expect(kms.calls.length).toBe(1)
})

test('a process starts while Postgres is away, and without its tables it does not', async () => {
  const { proxy, connection } = await suite.proxied()
  proxy.shut()
  const folder = suite.folder()
  const { ledger, provider, clock } = await suite.open({ connection, journal: folder })
  await provider.currentKek(CONTEXT)
  proxy.open()
  await untilBeat(clock, () => ledger.statistics.replayed === 2)
  const url = new URL(suite.database.url)
  url.pathname = '/postgres'
  await expect(suite.open({ connection: url.href })).rejects.toMatchObject({
    code: 'ERR_CONFIGURATION',
    message: expect.stringContaining('waxseal schema install'),
  })
})

test('a folder that others may write to is refused: they could put rows into the ledger', async () => {
  const folder = suite.folder()
  await mkdir(folder, { mode: 0o777 })
  const { chmod } = await import('node:fs/promises')
  await chmod(folder, 0o777)
  await expect(suite.open({ journal: folder })).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
  expect(await textIn(folder)).toBe('')
})

test("a folder of another user's is refused: he could put rows into the ledger", async () => {
  const { chown, mkdir } = await import('node:fs/promises')
  const us = process.geteuid?.()
  // Whoever is not root may give nothing away; the root folder is another's to him.
  const folder = us === 0 ? suite.folder() : '/'
  await mkdir(folder, { recursive: true })
  if (us === 0) await chown(folder, 65_534, 65_534)
  await expect(suite.open({ journal: folder })).rejects.toThrow(`is of another user (${us === 0 ? 65_534 : 0})`)
})
