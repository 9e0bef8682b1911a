import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { gcpTrail } from '../../../providers/gcp/audit-trail.js'
import { GcpProvider } from '../../../providers/gcp/index.js'
import type { TrailReader } from '../../../src/audit/trail/trail-reader.js'
import { InMemoryCallLedger } from '../../../src/kms/call-ledger.js'
import { RecordingProvider } from '../../../src/kms/recording-provider.js'
import { type GcpLogServer, startGcpLogServer } from '../../../src/testing/servers/gcp/log-server.js'
import { type GcpTestServer, startGcpServer } from '../../../src/testing/servers/gcp/server.js'
import { closeGcpServer, gcpClient } from '../../providers/gcp-under-test.js'
import { ReaderPasses } from '../trail/passes.js'

const HOUR_MS = 3_600_000
const signal = new AbortController().signal
const context = { table: 'credentials', field: 'token' }

let [kms, logs, reader]: [GcpTestServer, GcpLogServer, TrailReader] = [] as never
let ledger: InMemoryCallLedger
let provider: RecordingProvider

beforeAll(async () => {
  kms = await startGcpServer()
  logs = await startGcpLogServer(kms)
  reader = await gcpTrail.readers['entries-list']!({ project: 'test', endpoint: logs.endpoint })
  await reader.close()
})

afterAll(async () => {
  await logs.close()
  await closeGcpServer(kms)
})

const MAY_READ = ['logging.logEntries.list', 'logging.privateLogEntries.list']

/** What the servers are told, and what is in the log, is of one test. */
let passes: ReaderPasses
beforeEach(async () => {
  Object.assign(kms.log, { isDataAccessLogged: true, isReasonLogged: true, delayMs: 100, loses: () => false })
  const whole = { policies: {}, sink: {}, bucket: {}, exclusions: [], permissions: MAY_READ }
  Object.assign(logs, { emptyPages: 0, expiredTokens: 0, pageSize: 1_000, ...whole })
  logs.faults.clear()
  ledger = new InMemoryCallLedger()
  const client = gcpClient(kms, `application-${randomUUID()}`)
  provider = new RecordingProvider(
    new GcpProvider({ client, key: kms.environment['WAXSEAL_GCP_KEY'] as string }),
    ledger,
  )
  passes = new ReaderPasses(reader, gcpTrail.normalize)
  kms.log.clear()
  await passes.read(kms.now())
  passes.batches.length = 0
})

const roundTrip = async () => {
  const { dataKey, wrapped } = await provider.generateDataKey(context)
  dataKey.destroy()
  ;(await provider.unwrap(wrapped, context)).destroy()
}

/** Later by so much, when what was delayed has arrived. */
const readLater = async (ms = 60_000) => {
  kms.advance(ms)
  await passes.read(kms.now())
}

test('gcp reader: each request of the provider is an event, with the token of its attempt', async () => {
  await roundTrip()
  await readLater()
  const tokens = ledger.entries.map(({ callToken }) => callToken)
  expect(passes.operations).toEqual(['GetCryptoKey', 'Encrypt', 'Decrypt'])
  expect([...passes.events.values()].map(({ callToken }) => callToken)).toEqual([tokens[0], tokens[0], tokens[1]])
  expect(new Set([...passes.events.values()].map(({ scope }) => scope))).toEqual(
    new Set([gcpTrail.scopeOf(ledger.entries[1]!.kek!)]),
  )
})

test('gcp reader: what an operation may send is what it sends, and a reply has the name that the trail has', async () => {
  await roundTrip()
  await readLater()
  for (const { operation, end } of ledger.entries) {
    const replies = end!.replies.map((reply) => reply.operation)
    expect(gcpTrail.requests[operation]).toEqual(expect.arrayContaining(replies))
  }
  expect(ledger.entries.flatMap(({ end }) => end!.replies.map((reply) => reply.operation))).toEqual(passes.operations)
})

test('gcp reader: a call that was refused is an event that was denied', async () => {
  kms.faults.add({ fault: 'deny', operation: 'GetCryptoKey', times: 1 })
  await expect(provider.generateDataKey(context)).rejects.toMatchObject({ code: 'ERR_KMS_ACCESS_DENIED' })
  await readLater()
  expect([...passes.events.values()]).toMatchObject([{ outcome: 'denied', status: 'PERMISSION_DENIED' }])
})

describe('gcp reader: windows', () => {
  test('gcp reader: an entry that is read twice is one event', async () => {
    await roundTrip()
    await readLater()
    await readLater()
    expect(passes.operations).toEqual(['GetCryptoKey', 'Encrypt', 'Decrypt'])
    expect(passes.sightings).toBe(6)
  })

  test.each([6, 26])('gcp reader: an entry that arrives %s hours late is found', async (hours) => {
    kms.log.delayMs = hours * HOUR_MS
    await roundTrip()
    await readLater()
    expect(passes.operations).toEqual([])
    for (let hour = 0; hour < hours + 24; hour += 12) await readLater(12 * HOUR_MS)
    expect(passes.operations).toEqual(['GetCryptoKey', 'Encrypt', 'Decrypt'])
  })

  test('gcp reader: every filter has a term on timestamp', async () => {
    await readLater()
    await readLater(25 * HOUR_MS)
    expect(logs.filters.length).toBeGreaterThan(2)
    expect(logs.filters.filter((filter) => !/(^| )timestamp >= "/.test(filter))).toEqual([])
  })

  test('gcp reader: a time is covered again once its events can no longer be late', async () => {
    const called = kms.now()
    await readLater()
    await readLater(24 * HOUR_MS)
    expect(passes.covered.at(-1)).toMatchObject({ complete: true })
    expect(passes.covered.at(-1)!.from.getTime()).toBeLessThan(called.getTime())
    kms.advance(40 * 24 * HOUR_MS)
    const now = kms.now()
    await passes.read(now)
    // The trail no longer has what was before: nothing is said about it.
    expect(passes.covered.at(-1)!.from.getTime()).toBe(now.getTime() - 30 * 24 * HOUR_MS)
  })
})

describe('gcp reader: pages', () => {
  beforeEach(async () => {
    logs.pageSize = 1
    await roundTrip()
  })

  test('gcp reader: pages that end early, and new entries meanwhile, lose nothing', async () => {
    kms.advance(60_000)
    const now = kms.now()
    await passes.read(now, 1)
    expect(passes.operations).toHaveLength(1)
    await roundTrip()
    kms.advance(60_000)
    await passes.read(kms.now())
    expect(passes.operations).toHaveLength(5)
  })

  test('gcp reader: an empty page with a token is no end', async () => {
    logs.emptyPages = 2
    await readLater()
    expect(passes.operations).toHaveLength(3)
  })

  test('gcp reader: a page token that has expired begins the window again', async () => {
    logs.expiredTokens = 1
    await readLater()
    expect(passes.operations).toHaveLength(3)
    expect(passes.sightings).toBeGreaterThan(3)
  })

  test('gcp reader: page tokens that always expire are an error, and the cursor stays', async () => {
    logs.expiredTokens = 100
    const { cursor } = passes
    await expect(readLater()).rejects.toThrow(/INVALID_ARGUMENT/)
    expect(passes.cursor).toEqual(cursor)
  })
})

describe('gcp reader: what goes wrong', () => {
  test('gcp reader: an answer of somebody in between is no empty log', async () => {
    const proxy = createServer((_, response) => response.end('<html>Please log in</html>')).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const { port } = proxy.address() as AddressInfo
    const behind = await gcpTrail.readers['entries-list']!({ project: 'test', endpoint: `http://127.0.0.1:${port}` })
    const pass = new ReaderPasses(behind, gcpTrail.normalize).read(kms.now())
    await pass.catch(() => undefined)
    proxy.closeAllConnections()
    proxy.close()
    await expect(pass).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE' })
  })

  test('gcp reader: without access the trail is a gap; throttled, it is tried again later', async () => {
    logs.faults.add({ fault: 'throttle', operation: 'ListLogEntries', times: 1 })
    await expect(readLater()).rejects.toMatchObject({
      code: 'ERR_KMS_UNAVAILABLE',
      reason: 'throttled',
      retryable: true,
    })
    logs.faults.add({ fault: 'deny', operation: 'ListLogEntries', times: 1 })
    await expect(readLater()).rejects.toMatchObject({ code: 'ERR_AUDIT_TRAIL_GAP' })
    await expect(readLater()).resolves.toBeUndefined()
  })

  test('gcp reader: where uses of keys are not logged, nothing is covered', async () => {
    const whole = logs.auditConfigs
    logs.auditConfigs = []
    await readLater()
    logs.auditConfigs = whole
    await readLater()
    expect(passes.covered.map(({ complete }) => complete)).toEqual([false, true])
  })

  test.each([
    ['project', {}],
    ['project', { project: '123456789012' }],
    ['endpoint', { project: 'test', endpoint: 'https://example.com' }],
    ['window', { project: 'test', window: '5' }],
  ])('gcp reader: the option %s of %j is refused', async (option, section) => {
    await expect(gcpTrail.readers['entries-list']!(section)).rejects.toThrow(option)
  })
})

describe('gcp reader: probe', () => {
  const stateOf = async (id: string) => (await reader.probe(signal)).find((check) => check.id === id)?.state
  const configured = (auditLogConfigs: (typeof logs.auditConfigs)[number]['auditLogConfigs']) => {
    logs.auditConfigs = [{ service: 'allServices', auditLogConfigs }]
  }

  test('gcp reader: data access that is not logged, who is exempted, and what is excluded', async () => {
    const whole = logs.auditConfigs
    expect(await stateOf('data-access-is-logged')).toBe('ok')
    configured([{ logType: 'DATA_READ' }])
    expect(await stateOf('data-access-is-logged')).toBe('failed')
    expect(await stateOf('nobody-is-exempted')).toBe('ok')
    configured([{ logType: 'DATA_READ', exemptedMembers: ['serviceAccount:app@test'] }])
    expect(await stateOf('nobody-is-exempted')).toBe('failed')
    logs.auditConfigs = whole
    expect(await stateOf('nothing-is-excluded')).toBe('ok')
    logs.exclusions = [{ name: 'no-kms' }]
    expect(await stateOf('nothing-is-excluded')).toBe('failed')
  })

  test('gcp reader: what is logged and who is exempted by a folder or the organisation holds for the project', async () => {
    const whole = logs.auditConfigs
    logs.auditConfigs = []
    logs.policies = { 'folders/7': {}, 'organizations/1': { auditConfigs: whole } }
    expect(await stateOf('data-access-is-logged')).toBe('ok')
    expect(await stateOf('nobody-is-exempted')).toBe('ok')
    const exempting = { logType: 'DATA_READ', exemptedMembers: ['user:ann@test'] }
    logs.policies = { 'organizations/1': { auditConfigs: [{ service: 'allServices', auditLogConfigs: [exempting] }] } }
    logs.auditConfigs = whole
    expect(await stateOf('nobody-is-exempted')).toBe('failed')
  })

  test('gcp reader: a folder that may not be looked at is named, and what is there is not assumed', async () => {
    const whole = logs.auditConfigs
    logs.auditConfigs = []
    logs.faults.add({ fault: 'deny', operation: 'GetAncestry' })
    const [logged] = await reader.probe(signal)
    logs.auditConfigs = whole
    expect(logged).toMatchObject({
      state: 'failed',
      evidence: expect.stringContaining('above projects/test could not'),
    })
  })

  test('gcp reader: who is shown no data access logs, and no refusal either, covers nothing', async () => {
    expect(await stateOf('data-access-is-readable')).toBe('ok')
    logs.permissions = MAY_READ.slice(0, 1)
    expect(await stateOf('data-access-is-readable')).toBe('failed')
    await readLater()
    expect(passes.covered.map(({ complete }) => complete)).toEqual([false])
  })

  test.each<readonly [string, Readonly<Record<string, unknown>>]>([
    ['is disabled', { disabled: true }],
    ['passes something else alone', { filter: 'severity >= ERROR' }],
    ['keeps data access elsewhere', { filter: 'NOT LOG_ID("cloudaudit.googleapis.com/data_access")' }],
    [
      'writes to another project',
      { destination: 'logging.googleapis.com/projects/b/locations/global/buckets/_Default' },
    ],
    ['writes to no log bucket', { destination: 'storage.googleapis.com/archive' }],
  ])('gcp reader: a sink _Default that %s leaves out what is looked for', async (_, sink) => {
    logs.sink = sink
    expect(await stateOf('nothing-is-excluded')).toBe('failed')
    logs.sink = { filter: '', destination: 'logging.googleapis.com/projects/12/locations/eu/buckets/_Default' }
    expect(await stateOf('nothing-is-excluded')).toBe('ok')
    logs.sink = { destination: 'logging.googleapis.com/projects/test/locations/eu/buckets/own' }
    expect(await stateOf('nothing-is-excluded')).toBe('unknown')
  })

  test('gcp reader: a bucket that keeps less than a reader may ask for, or hides a part of it', async () => {
    expect(await stateOf('log-is-kept')).toBe('ok')
    for (const bucket of [
      { retentionDays: 7 },
      { restrictedFields: ['protoPayload.request'] },
      { retentionDays: null },
    ]) {
      logs.bucket = bucket
      expect(await stateOf('log-is-kept')).toBe('failed')
    }
    logs.sink = { destination: 'storage.googleapis.com/archive' }
    expect(await stateOf('log-is-kept')).toBe('unknown')
  })

  test('gcp reader: whether tokens are logged is learnt from the calls of the application', async () => {
    const found = async () => (await reader.probe(signal)).find(({ id }) => id === 'how-calls-are-found')?.evidence
    kms.log.isReasonLogged = false
    await roundTrip()
    kms.advance(60_000)
    expect(await found()).toMatch(/^0 of the last 3 entries .* counted/)
    kms.log.isReasonLogged = true
    await roundTrip()
    kms.advance(60_000)
    expect(await found()).toMatch(/^2 of the last 5 entries .* found by it/)
  })

  test('gcp reader: what cannot be asked is unknown', async () => {
    logs.faults.add({ fault: 'deny' })
    expect((await reader.probe(signal)).map(({ state }) => state)).toEqual(Array(6).fill('unknown'))
  })
})
