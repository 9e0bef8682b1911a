import { randomUUID } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { normalizeVault } from '../../../providers/vault/trail/normalize.js'
import { mirrorOnce } from '../../../src/audit/mirror/mirror.js'
import { readMirrorStatus, type SourceStatus } from '../../../src/audit/mirror/mirror-status.js'
import { AuditTrailGapError, KmsUnavailableError } from '../../../src/errors.js'
import { auditLine } from '../vault/lines.js'
import { mirrorSuite } from './mirror-suite.js'
import { type ScriptedPass, ScriptedReader } from './scripted-reader.js'

const { signal } = new AbortController()

const suite = mirrorSuite()

const NOW = Date.now()
const hour = (number: number) => new Date(NOW + number * 3_600_000)
const covers = (from: number, to: number) => ({ covered: { from: hour(from), to: hour(to), complete: true } })

async function statusAfter(script: readonly ScriptedPass[], change = ''): Promise<SourceStatus> {
  const reader = new ScriptedReader(randomUUID(), script)
  for (const _ of script) await mirrorOnce(suite.pool, [{ reader, normalize: normalizeVault }], { signal })
  if (change !== '') {
    await suite.client.query(
      `UPDATE waxseal.trail_cursor SET ${change} FROM waxseal.trail_source WHERE id = source AND scope = $1`,
      [reader.scope],
    )
  }
  return (await readMirrorStatus(suite.client)).find(({ scope }) => scope === reader.scope)!
}

test('read to its end, covered, and set up as it should be: nothing speaks against it', async () => {
  const status = await statusAfter([[covers(-2, -1)], [covers(-1, 0)]])
  expect(status).toMatchObject({ state: 'ok', gaps: [], coveredTo: hour(0), posture: { ok: true }, problems: [] })
  expect(status.lagMs).toBeGreaterThanOrEqual(0)
})

test('a pass by a clock that was set back covers nothing more, and stores what it read', async () => {
  const status = await statusAfter([[covers(-1, 0)], [{ ...covers(0, -0.5), records: [{ raw: auditLine() }] }]])
  expect(status).toMatchObject({ state: 'ok', coveredTo: hour(0), problems: [] })
})

const cases: [name: string, script: readonly ScriptedPass[], change: string, problems: readonly string[]][] = [
  ['blind', [[covers(-1, 0)], [new AuditTrailGapError('no access')]], '', ['blind: no access']],
  ['never read', [[new AuditTrailGapError('no access')]], '', ['blind: no access', 'no pass came to its end yet']],
  ['late', [[covers(-1, 0)]], `read_at = read_at - interval '2 hours'`, ['the last pass is more than an hour ago']],
  ['without coverage', [[]], '', ['nothing is covered yet']],
  [
    'read by a clock that is ahead',
    [[covers(-1, 2)]],
    '',
    ['covered up to a time that is to come: the clock of a machine that mirrors is ahead', '1 gap in what was covered'],
  ],
  ['with a gap', [[covers(-5, -4)], [covers(-3, 0)]], '', ['1 gap in what was covered']],
  [
    'with what is not understood',
    [[covers(-1, 0), { records: [{ raw: 'no JSON' }, { raw: auditLine() }] }]],
    '',
    ['1 records of the last week were not understood'],
  ],
]
test.each(cases)('a source that is %s is not as it should be', async (_, script, change, problems) => {
  expect((await statusAfter(script, change)).problems).toEqual(problems)
})

test('a check of the posture that failed or could not be made is a problem, with what to do', async () => {
  const reader = new ScriptedReader(randomUUID(), [[covers(-1, 0)]])
  reader.checks = [
    { id: 'is-logging', state: 'failed', evidence: 'switched off', remedy: 'switch it on' },
    { id: 'is-complete', state: 'unknown', evidence: 'no access' },
  ]
  await mirrorOnce(suite.pool, [{ reader, normalize: normalizeVault }], { signal })
  const status = (await readMirrorStatus(suite.client)).find(({ scope }) => scope === reader.scope)!
  expect(status.problems).toEqual(['is-logging failed: switched off; switch it on', 'is-complete unknown: no access'])
})

test('a look at the posture that fails is a posture that nobody knows, whatever was found before', async () => {
  const reader = new ScriptedReader(randomUUID(), [[covers(-2, -1)], [covers(-1, 0)]])
  const pass = () => mirrorOnce(suite.pool, [{ reader, normalize: normalizeVault }], { signal })
  await pass()
  reader.probe = () => Promise.reject(new KmsUnavailableError('nobody answers', { reason: 'network' }))
  await expect(pass()).resolves.toMatchObject([{ result: { state: 'ok' } }])
  const status = (await readMirrorStatus(suite.client)).find(({ scope }) => scope === reader.scope)!
  expect(status).toMatchObject({
    posture: { ok: false },
    problems: ['posture unknown: could not be looked at: nobody answers'],
  })
})
