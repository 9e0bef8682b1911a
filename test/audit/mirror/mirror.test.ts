import { randomUUID } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { normalizeVault } from '../../../providers/vault/trail/normalize.js'
import { followTrails, type MirrorEvent, mirrorOnce } from '../../../src/audit/mirror/mirror.js'
import { AuditTrailGapError, KmsUnavailableError } from '../../../src/errors.js'
import { auditLine } from '../vault/lines.js'
import { mirrorSuite } from './mirror-suite.js'
import { HeldClock, type ScriptedPass, ScriptedReader } from './scripted-reader.js'

const START = new Date('2026-03-01T12:00:00Z')
const GAP = new AuditTrailGapError('access was taken away')
const THROTTLED = new KmsUnavailableError('the trail asks for a pause', { reason: 'throttled' })
const { signal } = new AbortController()

const suite = mirrorSuite()

const readerOf = (...script: readonly ScriptedPass[]) => new ScriptedReader(randomUUID(), script)
const once = async (reader: ScriptedReader) =>
  (await mirrorOnce(suite.pool, [{ reader, normalize: normalizeVault }], { signal }))[0]!.result
const lines = (...ids: readonly string[]) => ({ records: ids.map((id) => ({ raw: auditLine({ id }) })) })

async function stateOf({ scope }: ScriptedReader) {
  const { rows } = await suite.client.query(
    `SELECT state, state_reason AS reason, lease_owner AS owner, read_at IS NOT NULL AS "wasRead",
      (SELECT count(*)::int FROM waxseal.control_failure WHERE scope = 'vault scripted ' || $1) AS failures,
      (SELECT count(*)::int FROM waxseal.control_restored JOIN waxseal.control_failure ON failure = id
        WHERE scope = 'vault scripted ' || $1) AS restored
    FROM waxseal.trail_cursor JOIN waxseal.trail_source ON source = id WHERE scope = $1`,
    [scope],
  )
  return rows[0]
}

test('a pass goes on where the last one ended, and gives the source back', async () => {
  const reader = readerOf(
    [
      { ...lines('a', 'b'), cursor: { page: 1 } },
      { ...lines('c'), cursor: { page: 2 } },
    ],
    [],
  )
  expect(await once(reader)).toEqual({
    ...{ state: 'ok', counts: { stored: 3, repeated: 0, ignored: 0, quarantined: 0, logging: 0 } },
  })
  await once(reader)
  expect(reader.cursors).toEqual([null, { page: 2 }])
  expect(await stateOf(reader)).toMatchObject({ state: 'ok', owner: null, wasRead: true, failures: 0 })
})

test('an event that comes hours late, and out of order, is stored by the pass that finds it', async () => {
  const late = (hours: number) => ({
    records: [{ raw: auditLine({ time: new Date(START.getTime() - hours * 3_600_000).toISOString() }) }],
  })
  const reader = readerOf([late(0)], [late(26), late(6)])
  await once(reader)
  expect(await once(reader)).toMatchObject({ counts: { stored: 2 } })
})

test('access denied makes the source blind until a pass comes to its end, whatever else fails meanwhile', async () => {
  const reader = readerOf([GAP], [lines('seen'), GAP], [THROTTLED], [lines('again')])
  expect(await once(reader)).toMatchObject({ state: 'blind', reason: GAP.message })
  expect(await stateOf(reader)).toMatchObject({ state: 'blind', reason: GAP.message, wasRead: false, failures: 1 })
  expect(await once(reader)).toMatchObject({ state: 'blind', counts: { stored: 1 } })
  expect(await once(reader)).toMatchObject({ state: 'failing' })
  expect(await stateOf(reader)).toMatchObject({ state: 'blind', reason: GAP.message, failures: 1, restored: 0 })
  await once(reader)
  expect(await stateOf(reader)).toMatchObject({ state: 'ok', reason: null, failures: 1, restored: 1 })
})

test('what fails is tried again, and messages that are not ours are stored nowhere', async () => {
  const reader = readerOf([Object.assign(new Error('with a token'), { code: 'ECONNRESET' })], [])
  expect(await once(reader)).toMatchObject({ state: 'failing', reason: 'the reader failed: Error: ECONNRESET' })
  expect(await stateOf(reader)).toMatchObject({ state: 'failing', failures: 0 })
  expect(await once(reader)).toMatchObject({ state: 'ok' })
})

/** As if the source had been in its state for that much longer. */
const earlier = ({ scope }: ScriptedReader, minutes: number) =>
  suite.client.query(
    `UPDATE waxseal.trail_cursor SET state_since = state_since - $2 * interval '1 minute'
    FROM waxseal.trail_source WHERE source = id AND scope = $1`,
    [scope, minutes],
  )

async function failuresOf({ scope }: ScriptedReader) {
  const { rows } = await suite.client.query(
    `SELECT f.cause, f.started_at = c.state_since AS "sinceState", c.state_since - f.started_at >= interval '5 minutes' AS before
    FROM waxseal.control_failure AS f, waxseal.trail_cursor AS c JOIN waxseal.trail_source AS s ON s.id = c.source
    WHERE f.scope = 'vault scripted ' || $1 AND s.scope = $1`,
    [scope],
  )
  return rows
}

test('a source that fails for longer than the grace opens one failure, since it began, until a pass comes to its end', async () => {
  const reader = readerOf([THROTTLED], [THROTTLED], [THROTTLED], [GAP], [])
  await once(reader)
  await earlier(reader, 10)
  await once(reader)
  expect(await failuresOf(reader)).toEqual([])
  await earlier(reader, 5)
  await once(reader)
  expect(await failuresOf(reader)).toEqual([{ cause: THROTTLED.message, sinceState: true, before: false }])
  await once(reader)
  expect(await stateOf(reader)).toMatchObject({ state: 'blind', failures: 1, restored: 0 })
  await once(reader)
  expect(await stateOf(reader)).toMatchObject({ state: 'ok', failures: 1, restored: 1 })
})

test('failing twice for less than the grace opens no failure; blind after it, the failure began with the failing', async () => {
  const reader = readerOf([THROTTLED], [], [THROTTLED], [GAP])
  await once(reader)
  await earlier(reader, 10)
  await once(reader)
  await once(reader)
  await earlier(reader, 10)
  expect(await stateOf(reader)).toMatchObject({ state: 'failing', failures: 0 })
  await once(reader)
  expect(await failuresOf(reader)).toEqual([{ cause: GAP.message, sinceState: false, before: true }])
})

/** Follows until `act` resolves; the events of it. */
async function following(readers: readonly ScriptedReader[], act: (clock: HeldClock) => Promise<void>, random = 0.5) {
  const events: MirrorEvent[] = []
  const [end, clock] = [new AbortController(), new HeldClock(START)]
  const trails = readers.map((reader) => ({ reader, normalize: normalizeVault }))
  const options = { clock, random: () => random, onEvent: (event: MirrorEvent) => void events.push(event) }
  const done = followTrails(suite.pool, trails, { ...options, signal: end.signal })
  await act(clock)
  end.abort()
  await done
  return events
}

test('throttling is met with pauses of full jitter that double, and success with the interval', async () => {
  const reader = readerOf(...Array.from({ length: 10 }, () => [THROTTLED]), [], [])
  const pauses: number[] = []
  await following([reader], async (clock) => {
    while (pauses.length < 12) pauses.push(await clock.next())
  })
  const seconds = [0.5, 1, 2, 4, 8, 16, 32, 64, 128, 150]
  expect(pauses).toEqual([...seconds.map((each) => each * 1_000), reader.intervalMs, reader.intervalMs])
})

test('the posture is looked at in the beginning and each day, and stored', async () => {
  const reader = readerOf()
  const events = await following([reader], async (clock) => {
    reader.checks = [{ id: 'is-there', state: 'unknown', evidence: 'nobody may look' }]
    for (let pass = 0; pass < 2; pass++) await clock.next()
    clock.set(clock.now() + 86_400_000)
    for (let pass = 0; pass < 2; pass++) await clock.next()
  })
  expect(reader.probes).toBe(2)
  expect(events.flatMap((event) => (event.type === 'posture' ? [event.posture.ok] : []))).toEqual([false, false])
  const { rows } = await suite.client.query(
    'SELECT ok, checks FROM waxseal.trail_posture JOIN waxseal.trail_source ON source = id WHERE scope = $1',
    [reader.scope],
  )
  expect(rows).toEqual([1, 2].map(() => ({ ok: false, checks: reader.checks })))
})

test('a change of the trail itself is followed by a look at the posture', async () => {
  const system = { path: 'sys/audit/file', operation: 'delete', request: { mount_type: 'system', mount_point: 'sys/' } }
  const reader = readerOf([], [lines('a')], [{ records: [{ raw: auditLine(system) }] }], [])
  await following([reader], async (clock) => {
    for (let pass = 0; pass < 4; pass++) await clock.next()
  })
  expect(reader.probes).toBe(2)
})

test('of two machines one mirrors a source, and the other takes it over when that one ends', async () => {
  const scope = randomUUID()
  const [first, second] = [
    new ScriptedReader(
      scope,
      [lines('a')].map((batch) => [batch]),
    ),
    new ScriptedReader(scope, []),
  ]
  await following([first], async (clock) => {
    await clock.next()
    expect(await once(second)).toMatchObject({ state: 'elsewhere' })
  })
  expect(await once(second)).toMatchObject({ state: 'ok' })
  expect(second.cursors).toHaveLength(1)
})

test('a database that is away is trouble and no verdict on the trail', async () => {
  const reader = readerOf([lines('a')])
  const away = {
    query: () => Promise.reject(new Error('away')),
    connect: () => Promise.reject(new Error('away')),
  }
  const end = new AbortController()
  const events: MirrorEvent[] = []
  const clock = new HeldClock(START)
  const done = followTrails(away, [{ reader, normalize: normalizeVault }], {
    ...{ clock, signal: end.signal, random: () => 0, onEvent: (event: MirrorEvent) => void events.push(event) },
  })
  await clock.next()
  end.abort()
  await done
  expect(events[0]).toMatchObject({ type: 'trouble', error: { message: 'away' } })
  await expect(mirrorOnce(away, [{ reader, normalize: normalizeVault }], { signal })).rejects.toThrow('away')
  expect(reader.cursors).toEqual([])
})
