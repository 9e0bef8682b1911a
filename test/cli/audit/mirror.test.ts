import { randomBytes } from 'node:crypto'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { auditGrants } from '../../../src/audit/grants.js'
import { auditLine } from '../../audit/vault/lines.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { type ProtectedProject, protectedProject } from '../protected-project.js'
import { Running } from '../running.js'

const role = `mirror_${randomBytes(6).toString('hex')}`

let made: ProtectedProject
let file: string
beforeAll(async () => {
  made = await protectedProject({}, {}, databaseWithSchema())
  await made.client.query(`CREATE ROLE ${role}`)
  for (const statement of auditGrants('mirror', role)) await made.client.query(statement)
  const url = new URL(made.database.url)
  url.searchParams.set('options', `-c role=${role}`)
  file = join(made.project.folder, 'audit.log')
  const trail = { provider: 'vault', reader: 'audit-file', files: file, scope: 'vault.example.com' }
  made.configure({ database: url.href, audit: { trails: [trail] } })
  writeFileSync(file, `${auditLine({ id: 'a' })}\n${auditLine({ id: 'b', type: 'request' })}\n`)
})
afterAll(async () => {
  await made.client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  await made.remove()
})

const SOURCE = 'vault audit-file vault.example.com'

test('what was never mirrored is a finding; mirrored, by the role of the mirror, it is as it should be', async () => {
  expect(await made.run(['audit', 'status'])).toMatchObject({
    ...{ status: 1, stdout: '✗ vault/audit-file: never mirrored; run waxseal audit mirror\n' },
  })
  expect(await made.run(['audit', 'mirror'])).toMatchObject({
    ...{ status: 0, stderr: expect.stringContaining(`${SOURCE}: 1 new events, 0 known; covered up to `) },
  })
  expect(await made.run(['audit', 'status'])).toMatchObject({
    ...{ status: 0, stdout: expect.stringMatching(new RegExp(`^✓ ${SOURCE}: read \\d+ s ago, covered to .* ok\n$`)) },
  })
})

test('--source names what is mirrored', async () => {
  expect(await made.run(['audit', 'mirror', '--source', 'vault/audit-file'])).toMatchObject({ status: 0 })
  expect(await made.run(['audit', 'mirror', '--source', 'aws'])).toMatchObject({
    status: 2,
    stderr: 'waxseal: --source: expected one of vault/audit-file, found "aws"\n',
  })
})

test('--follow goes on until it is ended', async () => {
  const running = new Running(made.project.folder, ['audit', 'mirror', '--follow', '--json'])
  expect(await running.event('pass')).toMatchObject({
    ...{ source: { provider: 'vault', scope: 'vault.example.com' }, result: { state: 'ok' } },
  })
  expect(await running.end('SIGTERM')).toEqual([0, null])
})

test('a trail that cannot be read is exit code 3, and blind', async () => {
  renameSync(file, `${file}.elsewhere`)
  expect(await made.run(['audit', 'mirror'])).toMatchObject({
    status: 3,
    stderr: expect.stringContaining(`${SOURCE}: blind: provider "vault": ${file} cannot be read (ENOENT)`),
  })
  const { status, stdout } = await made.run(['audit', 'status', '--json'])
  expect({ status, ...JSON.parse(stdout) }).toMatchObject({
    ...{ status: 1, missing: [], sources: [{ state: 'blind' }] },
  })
  expect(JSON.parse(stdout).sources[0].problems[0]).toContain('blind: ')
})

test('who may use a KEK is written down unless --dry-run; a list that is not complete is exit code 1', async () => {
  const count = async () => (await made.client.query('SELECT count(*)::int FROM waxseal.key_access')).rows[0].count
  const { status, stdout } = await made.run(['audit', 'access', '--dry-run', '--json'])
  expect({ status, ...JSON.parse(stdout) }).toMatchObject({
    ...{ status: 1, failures: [], keks: [{ provider: 'local', principals: [], before: null }] },
  })
  expect(await count()).toBe(0)
  expect(await made.run(['audit', 'access'])).toMatchObject({
    ...{ status: 1, stdout: expect.stringMatching(/^✗ .*: 0 rules .*\n {2}not complete: whoever reads the keys/) },
  })
  expect(await count()).toBe(1)
})

/** A trail of a provider of one's own: three events in memory, of a key that the configuration names. */
const OWN = `import { readFileSync } from 'node:fs'
const LATE = Date.UTC(2026, 4, 2)
const event = (uid) => ({
  uid, uidQuality: 'native', scope: 'acme.example', time: new Date(LATE), timeText: 'May', kind: 'call', operation: 'Open',
  operationClass: 'decrypt', outcome: 'success', requestId: uid, kekId: 'key-1',
})
const reader = ({ count }) => ({
  provider: 'acme', name: 'memory', scope: 'acme.example', intervalMs: 1000,
  probe: async () => [], goesBackTo: () => new Date(LATE), close: async () => {},
  async *read(now) {
    const records = Array.from({ length: count }, (_, at) => ({ raw: 'e' + at }))
    yield { records, cursor: null, covered: { from: new Date(LATE - 864e5), to: now, complete: true } }
  },
})
const trail = {
  logName: 'Acme', cloudOf: () => undefined,
  normalize: ({ raw }) => ({ event: event(raw) }), scopeOf: () => 'acme.example', kekIdOf: ({ id }) => id,
  requests: { currentKek: [], generateDataKey: ['Make'], wrap: ['Close'], unwrap: ['Open'], rewrap: ['Open', 'Close'] },
  identifies: ['request-id'], isLedgerOnly: false, showsContext: false, expected: [], limits: [],
  delays: { suspectAfterMs: 60000, missingAfterMs: 3600000, absence: 'not seen' },
  readers: { memory: async (section) => reader(section) },
}
const configuration = JSON.parse(readFileSync(new URL('waxseal.config.json', import.meta.url), 'utf8'))
const trails = [{ provider: 'acme', reader: 'memory', count: 3, trail }]
export default { ...configuration, audit: { trails, keys: [{ id: 'key-1' }] } }
`

test("the trail of a provider of one's own is mirrored and reconciled", async () => {
  writeFileSync(join(made.project.folder, 'own.mjs'), OWN)
  const config = ['--config', 'own.mjs']
  expect(await made.run(['audit', 'mirror', ...config])).toMatchObject({
    ...{ status: 0, stderr: expect.stringContaining('acme memory acme.example: 3 new events, 0 known') },
  })
  const { status, stdout } = await made.run(['audit', 'reconcile', '--provider', 'acme', '--json', ...config])
  expect({ status, ...JSON.parse(stdout) }).toMatchObject({
    ...{ status: 1, days: [{ provider: 'acme', day: '2026-05-02', events: { unaccounted: 3 } }] },
  })
})
