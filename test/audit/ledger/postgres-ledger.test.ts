import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import pg from 'pg'
import { withActor } from '../../../src/audit/index.js'
import { GroupCommit } from '../../../src/audit/ledger/group-commit.js'
import { RetryingProvider } from '../../../src/kms/retrying-provider.js'
import { faults } from '../../../src/testing/index.js'
import { CONTEXT, until, useLedger } from './ledger-suite.js'

const suite = useLedger()

test('an attempt is stored before it is sent, and its end afterwards', async () => {
  const { ledger, kms, provider } = await suite.open()
  const { wrapped } = await kms.generateDataKey(CONTEXT)
  let before: unknown[] = []
  kms.faults.inject({
    async transport({ options }, send) {
      before = await suite.attempts(ledger.writer)
      return send(options)
    },
  })
  await provider.unwrap(wrapped, CONTEXT)
  expect(before).toMatchObject([{ operation: 'unwrap', ends: [] }])
  const attempts = await suite.attempts(ledger.writer)
  const { id: kek_id, version: kek_version, provider: name } = wrapped.kek
  const reply = { operation: 'unwrap', requestId: expect.any(String), status: 'OK', at: expect.any(String) }
  expect(attempts).toMatchObject([
    {
      ...{ id: kms.calls.at(-1)!.callToken, call: kms.calls.at(-1)!.callToken, provider: name, operation: 'unwrap' },
      ...{ kek_id, kek_version, context: CONTEXT, actor: null, journalled: false },
      ends: [{ outcome: 'succeeded', error_code: null, kek_id, kek_version, replies: [reply] }],
    },
  ])
})

test('the attempts of one call share its id, and each has what became of it', async () => {
  const { ledger, kms, provider } = await suite.open()
  kms.faults.inject(faults.throttle(), { times: 1 })
  await new RetryingProvider(provider, { retries: 1, initialDelayMs: 1, random: () => 0 }).generateDataKey(CONTEXT)
  const attempts = await suite.attempts(ledger.writer)
  expect(attempts).toMatchObject([
    { ends: [{ outcome: 'failed', error_code: 'ERR_KMS_UNAVAILABLE', replies: [{ status: 'Throttled' }] }] },
    { ends: [{ outcome: 'succeeded', error_code: null, replies: [{ status: 'OK' }] }] },
  ])
  expect(new Set(attempts.map(({ call }) => call)).size).toBe(1)
  expect(new Set(attempts.map(({ id }) => id)).size).toBe(2)
})

test('who asks is written down as it was when the call began, for each of many at a time', async () => {
  const { ledger, provider } = await suite.open()
  const names = Array.from({ length: 20 }, (_, index) => `user:${index}`)
  await Promise.all(
    names.map((actor) =>
      withActor({ actor, tenant: 't1', purpose: 'read', ticket: 'C-1', requestId: `r-${actor}`, ip: '192.0.2.7' }, () =>
        provider.generateDataKey({ who: actor }),
      ),
    ),
  )
  await provider.currentKek(CONTEXT)
  const attempts = await suite.attempts(ledger.writer)
  const named = attempts.filter(({ actor }) => actor !== null)
  expect(named.map(({ actor }) => actor).sort()).toEqual([...names].sort())
  for (const attempt of named) {
    expect(attempt).toMatchObject({ context: { who: attempt.actor }, request: `r-${attempt.actor}` })
    expect(attempt).toMatchObject({ tenant: 't1', purpose: 'read', ticket: 'C-1', ip: '192.0.2.7' })
  }
  expect(ledger.statistics).toMatchObject({ withoutActor: 1, unrecorded: 0 })
})

test('where an actor is required, what nobody asked for is refused before it is sent, look-ups of a key excepted', async () => {
  const { ledger, kms, provider } = await suite.open({ actors: 'require' })
  await expect(provider.currentKek(CONTEXT)).resolves.toBeDefined()
  const sent = kms.calls.length
  await expect(provider.generateDataKey(CONTEXT)).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
  expect(kms.calls.length).toBe(sent)
  await withActor({ actor: 'job:nightly' }, () => provider.generateDataKey(CONTEXT))
  expect((await suite.attempts(ledger.writer)).map(({ operation }) => operation)).toEqual([
    'currentKek',
    'generateDataKey',
  ])
})

test('calls at the same time are stored by few statements, each row once', async () => {
  const { ledger, provider } = await suite.open()
  await Promise.all(Array.from({ length: 300 }, () => provider.currentKek(CONTEXT)))
  const attempts = await suite.attempts(ledger.writer)
  expect(attempts.length).toBe(300)
  expect(attempts.every(({ ends }) => ends.length === 1)).toBe(true)
  expect(new Set(attempts.map(({ written_in }) => written_in)).size).toBeLessThan(50)
})

test('as many statements are on their way as there are connections, and what comes meanwhile goes together', async () => {
  const { ledger, provider } = await suite.open({ connections: 2 })
  const locking = new pg.Client({ connectionString: suite.database.url })
  await locking.connect()
  await locking.query('BEGIN; LOCK TABLE waxseal.ledger_attempt IN EXCLUSIVE MODE')
  const waiting = async () => {
    const { rows } = await suite.database.client.query(
      `SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'`,
      [`waxseal ledger ${ledger.writer}`],
    )
    return rows.length
  }
  const calls: Promise<unknown>[] = []
  try {
    for (const statements of [1, 2, 2, 2, 2]) {
      calls.push(provider.currentKek(CONTEXT))
      await until(async () => (await waiting()) === statements)
    }
  } finally {
    await locking.end()
  }
  await Promise.all(calls)
  const groups = (await suite.attempts(ledger.writer)).map(({ written_in }) => written_in)
  expect(groups.length).toBe(5)
  expect(new Set(groups).size).toBe(3)
})

test('however many come at once, no group has more than 250', async () => {
  const groups: number[] = []
  const commit = new GroupCommit<number>(
    async (rows) => void groups.push(rows.length),
    2,
    () => 0,
  )
  await Promise.all(Array.from({ length: 3_000 }, (_, row) => commit.add(row)))
  expect(Math.max(...groups)).toBeLessThanOrEqual(250)
  expect(groups.reduce((sum, rows) => sum + rows)).toBe(3_000)
})

test('a month without a partition gets one', async () => {
  const { ledger, provider } = await suite.open()
  const month = `ledger_attempt_${new Date().toISOString().slice(0, 7).replace('-', '')}`
  await suite.database.client.query(`ALTER TABLE waxseal.ledger_attempt DETACH PARTITION waxseal.${month}`)
  await suite.database.client.query(`ALTER TABLE waxseal.${month} RENAME TO detached`)
  await provider.currentKek(CONTEXT)
  expect(await suite.attempts(ledger.writer)).toMatchObject([{ journalled: false, ends: [{ outcome: 'succeeded' }] }])
})

test('what others wrote into a row or a reply cannot stop the rows beside it', async () => {
  const { ledger, provider, kms } = await suite.open()
  const { wrapped } = await kms.generateDataKey(CONTEXT)
  const foreign = { ...wrapped, kek: { ...wrapped.kek, id: 'nul \0 and half \ud800', version: 'x'.repeat(5_000) } }
  await Promise.all([
    expect(provider.unwrap(foreign, { 'a\0': 'b\ud800' })).rejects.toMatchObject({ code: 'ERR_KEK_NOT_ACCEPTED' }),
    withActor({ actor: 'a\0b' }, () => provider.currentKek(CONTEXT)),
  ])
  const attempts = await suite.attempts(ledger.writer)
  expect(attempts.length).toBe(2)
  expect(attempts).toMatchObject(
    expect.arrayContaining([
      expect.objectContaining({ kek_id: 'nul \ufffd and half \ufffd', context: { 'a\ufffd': 'b\ufffd' } }),
      expect.objectContaining({ actor: 'a\ufffdb' }),
    ]),
  )
})

test.each(['actor', 'tenant', 'requestId'] as const)(
  '%s of any length, as a header may bring it, stops nothing',
  async (member) => {
    const { ledger, provider, problems } = await suite.open()
    // What does not compress: an entry of an index has an end.
    const text = randomBytes(10_000).toString('latin1')
    await withActor({ actor: 'user:1', [member]: text }, () => provider.currentKek({ 'waxseal-row': text }))
    expect(problems).toEqual([])
    expect(await suite.attempts(ledger.writer)).toMatchObject([{ journalled: false, ends: [{}] }])
  },
)

test('a ledger that is closed has stored everything, and says that nothing is to come', async () => {
  const { ledger, provider } = await suite.open({ label: 'api' })
  const calls = Array.from({ length: 5 }, () => provider.currentKek(CONTEXT))
  await Promise.all(calls)
  await ledger.close()
  const { rows } = await suite.database.client.query(
    'SELECT label, ended_at IS NOT NULL AS ended, flushed_to = ended_at AS flushed FROM waxseal.ledger_writer WHERE id = $1',
    [ledger.writer],
  )
  expect(rows).toEqual([{ label: 'api', ended: true, flushed: true }])
  expect((await suite.attempts(ledger.writer)).length).toBe(5)
})

test.each([
  ['no connection', {}, 'the option "connection" is missing'],
  ['an unknown option', { connection: 'x', jurnal: '/x' }, 'unknown option "jurnal"'],
  ['an operation that is none', { connection: 'x', whenUnavailable: { open: 'refuse' } }, '"whenUnavailable" must be'],
  ['no way to decide', { connection: 'x', actors: 'maybe' }, '"actors" must be "count" or "require"'],
])('%s is refused', async (_, options, message) => {
  const { openLedger } = await import('../../../src/audit/index.js')
  await expect(openLedger(options as never)).rejects.toThrow(message)
})
