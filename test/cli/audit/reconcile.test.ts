import { randomBytes } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { providers } from '../../../providers/index.js'
import { trailsWithoutKeys } from '../../../src/cli/audit/trails-without-keys.js'
import { qualifiedName } from '../../../src/postgres/protected-table.js'
import { storedEnvelopes, unreadTables } from '../../../src/postgres/stored-envelopes.js'
import { AuditRows } from '../../audit/review/rows.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { type ProtectedProject, protectedProject } from '../protected-project.js'
import { Running } from '../running.js'

const SCOPE = '123456789012/eu-west-1'
const KEY = 'arn:aws:kms:eu-west-1:123456789012:key/01234567-0123-0123-0123-0123456789ab'
const EXTRA = 'arn:aws:kms:eu-west-1:123456789012:key/76543210-0123-0123-0123-0123456789ab'
const OURS = 'arn:aws:iam::123456789012:role/application'

let made: ProtectedProject
let server: Server
const told: { headers: Record<string, unknown>; subject: string }[] = []
beforeAll(async () => {
  made = await protectedProject({}, {}, databaseWithSchema())
  const rows = new AuditRows(made.client)
  const logged = (at: string, request_id: string, row: object = {}) =>
    rows.event(at, { scope: SCOPE, event_uid: request_id, request_id, kek_id: KEY, principal: OURS, ...row })
  const attempt = await rows.attempt('2026-05-02T10:00:00Z', { kek_id: KEY })
  const replies = [{ operation: 'Decrypt', requestId: 'ours', at: '2026-05-02T10:00:00Z' }]
  await rows.end(attempt, '2026-05-02T10:00:00Z', { replies: JSON.stringify(replies) })
  await logged('2026-05-02T10:00:00Z', 'ours')
  await logged('2026-05-02T11:00:00Z', 'outside')
  await logged('2026-05-04T11:00:00Z', 'on-an-extra-key', { kek_id: EXTRA })
  await logged('2026-05-05T11:00:00Z', 'by-a-person', { kek_id: EXTRA, principal: 'a person' })
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      told.push({ headers: request.headers, subject: JSON.parse(body).data.subject })
      response.writeHead(200).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve))
  await made.remove()
})

const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
const json = async (...args: string[]) => JSON.parse((await made.run(['audit', ...args, '--json'])).stdout)
const daysOf = (result: { days: { day: string }[] }) => result.days.map(({ day }) => day)

test('a dry run says what would be found, and stores nothing', async () => {
  const { status, stdout } = await made.run(['audit', 'reconcile', '--dry-run'])
  expect(stdout).toContain(
    `2026-05-02  aws ${SCOPE}: events 1 accounted, 1 unaccounted; attempts 1 matched; 1 findings`,
  )
  expect(status).toBe(1)
  expect(await json('findings')).toEqual([])
  expect(await made.run(['audit', 'findings'])).toEqual({ status: 0, stdout: '', stderr: 'no findings\n' })
})

test('reconciles what is not settled; only the provider and the days that are asked for', async () => {
  expect(daysOf(await json('reconcile', '--provider', 'gcp'))).toEqual([])
  const days = ['--from', '2026-05-02', '--to', '2026-05-03']
  const { stdout, stderr } = await made.run(['audit', 'reconcile', ...days, '--json'])
  expect(daysOf(JSON.parse(stdout))).toContain('2026-05-03')
  expect(stderr).toContain(`high unaccounted Decrypt with ${KEY} by ${OURS} in aws ${SCOPE}: outside\n`)
  const whole = await json('reconcile')
  expect(whole.ok).toBe(false)
  expect(await made.run(['audit', 'reconcile', '--provider', 'gcp'])).toMatchObject({
    ...{ status: 1, stdout: '' },
    stderr:
      'nothing to reconcile: no day has records that are not settled\n' +
      'findings are open: "waxseal audit findings --open" lists them\n',
  })
  expect(daysOf(whole)).toContain('2026-05-04')
  expect(daysOf(whole)).not.toContain('2026-05-03')
})

test('findings are listed, acknowledged with a reason, and open no more', async () => {
  const { status, stdout } = await made.run(['audit', 'findings'])
  expect(status).toBe(1)
  expect(stdout).toContain('high unaccounted')
  expect(await json('findings', '--limit', '1')).toHaveLength(1)
  // Whatever the time zone of the server.
  await made.client.query(`ALTER DATABASE ${new URL(made.database.url).pathname.slice(1)} SET timezone = 'Asia/Tokyo'`)
  const [finding] = await json('findings', '--open')
  expect(finding).toMatchObject({ occurredAt: '2026-05-02T11:00:00.000000Z', event: expect.any(String) })
  expect(stdout).toContain(`2026-05-02 11:00:00.000  high unaccounted  open  ${finding.id}`)
  expect((await made.run(['audit', 'show', finding.event])).stdout).toContain(finding.id)
  const without = await made.run(['audit', 'acknowledge', finding.id])
  expect(without.status).toBe(2)
  const reason = ['--reason', 'a drill']
  const both = await made.run(['audit', 'acknowledge', finding.id, '--kind', 'missing', ...reason])
  expect(both).toMatchObject({ status: 2, stderr: expect.stringContaining('found both') })
  expect((await made.run(['audit', 'acknowledge', '--kind', 'unacounted', ...reason])).status).toBe(2)
  const common = ['--kind', 'unaccounted', '--severity', 'high', '--provider', 'aws', '--key', KEY, '--principal', OURS]
  const filters = [...common, '--from', '2026-05-02', '--to', '2026-05-03']
  expect(await json('findings', ...filters)).toMatchObject([{ id: finding.id }])
  expect(await json('findings', '--from', '2026-05-03')).toEqual([])
  expect(await json('acknowledge', ...filters, ...reason, '--dry-run')).toMatchObject([{ id: finding.id }])
  expect(await json('findings', '--open')).toMatchObject([{ id: finding.id }])
  expect(await made.run(['audit', 'acknowledge', ...filters, ...reason])).toMatchObject({
    ...{ status: 0, stdout: `✓ ${finding.id}: acknowledged\n`, stderr: '1 findings were acknowledged\n' },
  })
  expect(await json('findings', '--open')).toEqual([])
  expect(await made.run(['audit', 'findings', '--open'])).toMatchObject({ status: 0, stderr: 'no finding is open\n' })
  const { rows: looks } = await made.client.query(
    `SELECT detail FROM waxseal.application_event WHERE action = 'findings'`,
  )
  expect(looks).toContainEqual({ detail: { open: true, limit: 100 } })
  const shown = await made.run(['audit', 'findings'])
  expect(shown.stdout).toMatch(/acknowledged by .*: a drill/)
  expect((await made.run(['audit', 'reconcile'])).status).toBe(0)
})

test('keys of the configuration are ours too, also where the ledger knows none of them', async () => {
  made.configure({ audit: { keys: [{ id: EXTRA }], principals: [OURS] } })
  const [day] = (await json('reconcile', '--from', '2026-05-04', '--dry-run')).days.filter(
    ({ scope }: { scope: string }) => scope === SCOPE,
  )
  expect(day).toMatchObject({ events: { unaccounted: 1 }, findings: [{ kind: 'unaccounted', severity: 'high' }] })
})

test('principals of the configuration are known, and whoever is not is a stranger', async () => {
  const severities = async (principals: string[]) => {
    made.configure({ audit: { keys: [{ id: EXTRA }], principals } })
    const { days } = await json('reconcile', '--from', '2026-05-05', '--dry-run')
    return days.flatMap(({ findings }: { findings: { severity: string }[] }) => findings.map((each) => each.severity))
  }
  expect(await severities(['a person'])).toEqual(['high'])
  expect(await severities([])).toEqual(['critical', 'critical'])
})

test('findings are told to a webhook by a secret in a file, or in the environment; the least severity is an option', async () => {
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  made.project.write('secret', secret)
  const audit = { keys: [{ id: EXTRA }], principals: [OURS], alerts: { url: url(), secretFile: 'secret' } }
  made.configure({ audit: { ...audit, alerts: { ...audit.alerts, minimum: 'critical' } } })
  chmodSync(join(made.project.folder, 'secret'), 0o600)
  await made.run(['audit', 'reconcile', '--from', '2026-05-04'])
  expect(told).toEqual([])
  made.configure({ audit })
  const { alerts } = await json('reconcile')
  expect(alerts).toMatchObject([{ delivered: true, answer: '200' }])
  expect(told).toMatchObject([
    { subject: 'on-an-extra-key', headers: { 'webhook-signature': expect.stringMatching(/^v1,/) } },
  ])
  made.configure({ audit: { ...audit, alerts: { url: url() } } })
  const neither = await made.run(['audit', 'reconcile'])
  expect(neither).toMatchObject({ status: 2, stderr: expect.stringContaining('found neither') })
  const env = { WAXSEAL_ALERT_SECRET: secret }
  expect((await made.run(['audit', 'reconcile'], { env })).status).toBe(1)
})

test('follows until it is asked to end', async () => {
  made.configure({ audit: {} })
  const running = new Running(made.project.folder, ['audit', 'reconcile', '--follow', '--json'])
  expect(await running.object('a pass', ({ days }) => Array.isArray(days))).toMatchObject({ ok: false })
  expect(await running.end('SIGTERM')).toEqual([1, null])
})

test('a provider that is called and has no trail is said, and is exit code 1 without any finding', async () => {
  const rows = new AuditRows(made.client)
  // Whose KEK its end alone would say.
  await rows.attempt('2026-05-06T10:00:00Z', { provider: 'acme', operation: 'generateDataKey', kek_id: null })
  await rows.attempt('2026-05-06T10:00:00Z', { provider: 'vault', kek_id: 'http://vault/transit/waxseal-key' })
  expect(await json('reconcile', '--dry-run')).toMatchObject({
    ...{ ok: false, withoutTrail: ['acme', 'vault'], withoutKeys: [] },
  })
  expect(await json('status')).toMatchObject({ withoutTrail: ['acme', 'vault'] })
  const { status, stdout } = await made.run(['audit', 'reconcile', '--dry-run', '--provider', 'acme'])
  expect({ status, stdout }).toEqual({ status: 1, stdout: expect.stringMatching(/^✗ acme: its trail is not mirrored/) })
})

test('a trail in which no key of ours is known is told from others: whatever is in it, nothing would be found', async () => {
  const kek_id = 'projects/p/locations/l/keyRings/r/cryptoKeys/k'
  const withoutKeys = async () => trailsWithoutKeys(made.client, { gcp: await providers.gcp.trail() }, [kek_id])
  await made.client.query("INSERT INTO waxseal.trail_source (provider, scope, reader) VALUES ('gcp', 'p', 'test')")
  expect(await withoutKeys()).toEqual(['gcp'])
  await new AuditRows(made.client).event('2026-05-06T10:00:00Z', { provider: 'gcp', kek_id, scope: 'p' })
  expect(await withoutKeys()).toEqual([])
})

test('a table whose metadata the role may not read is said: nothing is looked for in it', async () => {
  const tables = [made.credentials.table]
  expect(await unreadTables(made.client, tables)).toEqual([])
  await made.client.query('SET ROLE pg_monitor')
  expect(await unreadTables(made.client, tables)).toEqual([qualifiedName(made.credentials.table)])
  expect(await storedEnvelopes(made.client, tables, ['an envelope'])).toBeUndefined()
  await made.client.query('RESET ROLE')
})

test.each([
  [['--provider', 'volt'], /--provider: expected one of/],
  [['--from', '2026-13-01'], /--from: expected a day/],
  [['--from', '2026-05-02', '--to', '2026-05-01'], /--to: expected no day before --from/],
])('%j is an error', async (args, message) => {
  const { status, stderr } = await made.run(['audit', 'reconcile', ...args])
  expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(message) })
})
