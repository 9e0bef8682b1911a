import { randomUUID } from 'node:crypto'
import { beforeEach, expect, test } from '@jest/globals'
import { vaultTrail } from '../../../providers/vault/audit-trail.js'
import { mirrorOnce } from '../../../src/audit/mirror/mirror.js'
import { usesInTrail } from '../../../src/audit/mirror/uses-in-trail.js'
import { retire } from '../../../src/census/index.js'
import { auditLine, type LineOptions } from '../vault/lines.js'
import { mirrorSuite } from './mirror-suite.js'
import { ScriptedReader } from './scripted-reader.js'

const { signal } = new AbortController()
const DAY_S = 86_400
const NOW = Date.now()
const daysAgo = (days: number) => new Date(NOW - days * DAY_S * 1_000)

const suite = mirrorSuite()
let kek: { readonly provider: string; readonly id: string; readonly version: string }
beforeEach(() => {
  kek = { provider: 'vault', id: `transit/${randomUUID()}`, version: '2' }
})

const check = (unusedForSeconds = 30 * DAY_S) => usesInTrail(suite.client, kek, { trail: vaultTrail, unusedForSeconds })

/** A pass over a trail that covers the last forty days. */
async function mirrored(lines: readonly LineOptions[], reader = new ScriptedReader('one', [])) {
  const records = lines.map((options) => ({
    raw: auditLine({ path: `transit/encrypt/${kek.id.slice('transit/'.length)}`, ...options }),
  }))
  const covered = { from: daysAgo(40), to: daysAgo(0), complete: true }
  reader.add([{ records, covered }])
  await mirrorOnce(suite.pool, [{ reader, normalize: vaultTrail.normalize }], { signal })
}
const used = (days: number, key_version?: number): LineOptions => ({
  ...{ time: daysAgo(days).toISOString(), response: key_version === undefined ? {} : { key_version } },
})

test('a trail that is not mirrored, and a provider without one, are no pass', async () => {
  const failure = { status: 'failed', evidence: ['no audit trail of it is mirrored: waxseal audit mirror'] }
  expect(
    await usesInTrail(suite.client, { ...kek, provider: 'aws' }, { trail: vaultTrail, unusedForSeconds: 1 }),
  ).toMatchObject(failure)
  expect(await usesInTrail(suite.client, kek, { trail: undefined, unusedForSeconds: 1 })).toMatchObject(failure)
})

test('no use in all of the time is a pass; uses of other versions and looks at the key are none', async () => {
  await mirrored([
    used(3, 3),
    { operation: 'read', path: kek.id.replace('/', '/keys/'), time: daysAgo(1).toISOString() },
  ])
  expect(await check()).toMatchObject({ status: 'passed', evidence: [expect.stringMatching(/^none from /)] })
})

test('a use speaks against it, and one of which the version is not known', async () => {
  await mirrored([used(3, 2), used(5, 2)])
  expect(await check()).toMatchObject({
    ...{ status: 'failed', evidence: [`2 uses of it, the last at ${daysAgo(3).toISOString()}`] },
  })
  await mirrored([used(2)])
  expect((await check()).evidence[1]).toMatch(/^1 use of a version that the trail does not name/)
})

test('a use that is older counts no more', async () => {
  await mirrored([used(35, 2)])
  expect(await check()).toMatchObject({ status: 'passed' })
  expect(await check(36 * DAY_S)).toMatchObject({ status: 'failed' })
})

test('a time that is not covered is no pass', async () => {
  await mirrored([])
  const { status, evidence } = await check(50 * DAY_S)
  expect({ status, evidence }).toEqual({
    ...{ status: 'failed', evidence: [expect.stringMatching(/^not covered: .* – /)] },
  })
  expect(evidence[0]).toContain(daysAgo(40).toISOString())
})

test('a trail that speaks against it keeps the KEK enabled, and stands in the record', async () => {
  await mirrored([used(3, 2)])
  const { ready, checks } = await retire(suite.client, [], kek, {
    ...{ current: [{ ...kek, version: '3' }], processes: 0, waitMs: 0, backupsKept: 'none' },
    checkTrail: (client) => usesInTrail(client, kek, { trail: vaultTrail, unusedForSeconds: 30 * DAY_S }),
  })
  expect({ ready, last: checks.at(-1) }).toMatchObject({ ready: false, last: { name: 'trail', status: 'failed' } })
  // Nothing else does.
  expect(checks.filter(({ status }) => status === 'failed').map(({ name }) => name)).toEqual(['trail'])
})

test.each([
  ['is not ok', [{ id: 'is-complete', state: 'unknown', evidence: 'nobody may look' }]],
  ['looked at nothing', []],
] as const)('a posture that %s is no pass', async (_, checks) => {
  const reader = new ScriptedReader('one', [])
  reader.checks = checks
  await mirrored([], reader)
  expect(await check()).toMatchObject({ status: 'failed', evidence: [expect.stringContaining('waxseal audit status')] })
})
