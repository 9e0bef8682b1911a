import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { KEY } from './records.js'
import { StoredTrail, trail } from './stored.js'

let database: FreshDatabase
let stored: StoredTrail
beforeAll(async () => {
  database = await databaseWithSchema()
  stored = new StoredTrail(database.client)
  await stored.rows.event('2026-10-01T00:00:00Z', { kind: 'service', kek_id: KEY })
  await database.client.query(
    `INSERT INTO waxseal.trail_source (provider, scope, reader) VALUES ('aws', '2/us', 'test')`,
  )
})
afterAll(() => database.drop())

/** Keys begin with their scope. */
const byKey = { ...trail, scopeOf: ({ id }: { id: string }) => id.split(':')[0] }
const day = '2026-11-02'

async function attemptWith(kek: string | undefined, requestId: string): Promise<string> {
  const attempt = await stored.rows.attempt(`${day}T10:00:00Z`, { kek_id: kek })
  await stored.rows.end(attempt, `${day}T10:00:00Z`, {
    outcome: 'failed',
    error_code: 'ERR_KMS_ACCESS_DENIED',
    replies: JSON.stringify([{ operation: 'Decrypt', requestId, at: `${day}T10:00:00Z` }]),
  })
  return attempt
}

test('each scope has its own attempts; one whose KEK is not known is matched wherever its event is', async () => {
  const attempts = [
    await attemptWith('1/eu:a', 'r1'),
    await attemptWith('2/us:b', 'r2'),
    await attemptWith(undefined, 'r3'),
  ]
  const denied = { outcome: 'denied', kek_id: null }
  const events = [
    await stored.logged(`${day}T10:00:00Z`, 'r1', denied),
    await stored.logged(`${day}T10:00:00Z`, 'r2', { ...denied, scope: '2/us' }),
    await stored.logged(`${day}T10:00:00Z`, 'r3', { ...denied, scope: '2/us' }),
  ]
  const reports = await stored.pass({ trails: { aws: byKey } })
  expect(reports.filter((report) => report.day === day)).toMatchObject([
    { scope: '1/eu', events: { accounted: 1 } },
    { scope: '2/us', events: { accounted: 2 } },
  ])
  expect(await Promise.all(events.map((event) => stored.stateOf(event)))).toEqual(Array(3).fill('accounted'))
  expect(await Promise.all(attempts.map((attempt) => stored.stateOfAttempt(attempt)))).toEqual(Array(3).fill('matched'))
})

test('a scope that the ledger has a KEK in and no trail is mirrored of cannot be verified', async () => {
  const attempt = await attemptWith('3/ap:c', 'r4')
  await stored.pass({ trails: { aws: byKey } })
  expect(await stored.stateOfAttempt(attempt)).toBe('unverifiable')
})

test('case 49: attempts at a provider whose ledger is all there is expect no event', async () => {
  const attempt = await stored.rows.attempt(`${day}T10:00:00Z`, { provider: 'local', kek_id: 'local-1' })
  const local = { ...trail, isLedgerOnly: true, scopeOf: () => undefined }
  expect(await stored.pass({ trails: { local } })).toMatchObject([{ scope: 'local', attempts: { not_expected: 1 } }])
  expect(await stored.stateOfAttempt(attempt)).toBe('not_expected')
})

test('a copy in the account of the caller is accounted for by the scope of the key, whichever comes first', async () => {
  const at = '2026-11-04T10:00:00Z'
  const attempt = await stored.rows.attempt(at, { kek_id: '2/us:b' })
  await stored.rows.end(attempt, at, { replies: JSON.stringify([{ operation: 'Decrypt', requestId: 'c1', at }]) })
  const shared = { copy_group: 'g', kek_id: '2/us:b' }
  const copy = await stored.logged(at, 'c1', { ...shared, scope: '1/eu' })
  const original = await stored.logged(at, 'c1', { ...shared, scope: '2/us' })
  await stored.pass({ trails: { aws: byKey } })
  expect(await Promise.all([copy, original].map((event) => stored.stateOf(event)))).toEqual(['accounted', 'accounted'])
  expect(await stored.findings('2026-11-04')).toEqual(['unaccounted high resolved'])
})

test('where KEKs do not say their scope, all scopes are one', async () => {
  const anywhere = { ...trail, scopeOf: () => undefined }
  const reports = await stored.pass({ trails: { aws: anywhere } })
  expect(reports.find((report) => report.day === day)).toMatchObject({ scope: '1/eu, 2/us', events: { accounted: 3 } })
})
