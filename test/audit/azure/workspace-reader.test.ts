import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { azureTrail } from '../../../providers/azure/audit-trail.js'
import type { AuditEvent } from '../../../src/audit/trail/audit-event.js'
import type { TrailReader } from '../../../src/audit/trail/trail-reader.js'
import { RecordingProvider } from '../../../src/kms/recording-provider.js'
import { startWorkspaceServer, type WorkspaceServer } from '../../../src/testing/servers/azure/workspace-server.js'
import { azureUnderTest } from '../../providers/azure-under-test.js'
import type { ReaderPasses } from '../trail/passes.js'
import { type AzureLogUnderTest, azureLogUnderTest, HOUR_MS, MINUTE_MS } from './log-under-test.js'

let [log, workspace, reader]: [AzureLogUnderTest, WorkspaceServer, TrailReader] = [] as never
let passes: ReaderPasses

beforeAll(async () => {
  log = await azureLogUnderTest()
  workspace = await startWorkspaceServer(log.kms)
  const options = { ...log.options, workspaceId: 'w1', endpoint: workspace.endpoint }
  reader = await azureTrail.readers['log-analytics']!(options)
  // What is asked once and then known is not of these tests.
  await log.roundTrip()
})

afterAll(async () => {
  await reader.close()
  await workspace.close()
  await log.kms.close()
})

beforeEach(async () => {
  workspace.faults.clear()
  Object.assign(workspace, { table: 'AZKVAuditLogs', mostRows: 10_000 })
  passes = await log.begin(reader)
})

const readLater = async (ms = 10 * MINUTE_MS) => {
  log.kms.advance(ms)
  await passes.read(log.kms.now())
}
const ROUND_TRIP = ['KeyWrap', 'KeySign', 'KeyUnwrap']

test.each(['AZKVAuditLogs', 'AzureDiagnostics'] as const)(
  'azure workspace: each request of the provider is an event with its id and its token, by %s',
  async (table) => {
    workspace.table = table
    await log.roundTrip()
    await readLater()
    const events = [...passes.events.values()]
    expect(events.map(({ operation }) => operation)).toEqual(ROUND_TRIP)
    const replies = log.ledger.entries.flatMap(({ callToken, end }) =>
      end!.replies.map(({ operation, requestId }) => ({ operation, requestId, callToken })),
    )
    expect(events).toMatchObject(replies)
    const { scope, kekId } = events[0]!
    const kek = log.ledger.entries[0]!.end!.kek!
    expect([scope, kekId]).toEqual([azureTrail.scopeOf(kek), azureTrail.kekIdOf(kek)])
    expect(events[0]!.kekVersion).toBe(kek.version)
  },
)

test('azure workspace: a request that was refused is an event that was denied, though its resultType is Success', async () => {
  log.kms.faults.add({ fault: 'deny', operation: 'KeyWrap', times: 1 })
  await expect(log.roundTrip()).rejects.toMatchObject({ code: 'ERR_KMS_ACCESS_DENIED' })
  await readLater()
  expect([...passes.events.values()]).toMatchObject([{ operation: 'KeyWrap', outcome: 'denied', status: '403' }])
})

test('azure workspace: a client that begins sends a challenge, which is expected, and nothing that the ledger does not know', async () => {
  const { provider } = await azureUnderTest(log.kms)
  log.kms.log.clear()
  const { dataKey } = await new RecordingProvider(provider, log.ledger).generateDataKey({ table: 'credentials' })
  dataKey.destroy()
  await readLater()
  const events = [...passes.events.values()]
  const isExpected = (event: AuditEvent) => azureTrail.expected.some(({ matches }) => matches(event))
  expect(events.filter(isExpected).map(({ operation }) => operation)).toContain('Authentication')
  const replies = log.ledger.entries.flatMap(({ end }) => end!.replies)
  const others = events.filter((event) => !isExpected(event))
  expect(others.map(({ requestId }) => requestId).sort()).toEqual(replies.map(({ requestId }) => requestId).sort())
  expect(new Set(replies.map(({ operation }) => operation))).toEqual(new Set(azureTrail.requests.generateDataKey))
})

describe('azure workspace: windows', () => {
  test('azure workspace: records that are read twice are one event each', async () => {
    await log.roundTrip()
    await readLater()
    await readLater()
    expect(passes.operations).toEqual(ROUND_TRIP)
    expect(passes.sightings).toBe(6)
  })

  test.each([6, 26])('azure workspace: a record that arrives %s hours late is found', async (hours) => {
    log.kms.log.delayMs = hours * HOUR_MS
    await log.roundTrip()
    await readLater()
    expect(passes.operations).toEqual([])
    await readLater(hours * HOUR_MS)
    expect(passes.operations).toEqual(ROUND_TRIP)
  })

  test('azure workspace: an answer that is not whole is asked for in halves, and an instant with too much is an error', async () => {
    await log.roundTrip()
    log.kms.advance(MINUTE_MS)
    await log.roundTrip()
    workspace.mostRows = 3
    await readLater()
    expect(passes.operations).toEqual([...ROUND_TRIP, ...ROUND_TRIP])
    await log.roundTrip()
    workspace.mostRows = 0
    const { cursor } = passes
    await expect(readLater()).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE' })
    expect(passes.cursor).toEqual(cursor)
  })

  test('azure workspace: a crash between two batches loses nothing', async () => {
    workspace.mostRows = 3
    await log.roundTrip()
    log.kms.advance(MINUTE_MS)
    await log.roundTrip()
    log.kms.advance(10 * MINUTE_MS)
    await passes.read(log.kms.now(), 1)
    expect(passes.operations.length).toBeLessThan(6)
    await passes.read(log.kms.now())
    expect(passes.operations).toHaveLength(6)
  })

  test('azure workspace: a record that was lost is no event, and one without the id of its request is one', async () => {
    log.kms.log.loses = ({ operation }) => operation === 'KeySign'
    log.kms.log.hasNoRequestId = ({ operation }) => operation === 'KeyUnwrap'
    await log.roundTrip()
    await readLater()
    const found = [...passes.events.values()].map(({ operation, uidQuality }) => [operation, uidQuality])
    expect(found).toEqual([
      ['KeyWrap', 'composite'],
      ['KeyUnwrap', 'content'],
    ])
  })
})

describe('azure workspace: what goes wrong', () => {
  test('azure workspace: without access the trail is a gap; throttled, it is tried again later', async () => {
    workspace.faults.add({ fault: 'throttle', times: 1 })
    await expect(readLater()).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE', reason: 'throttled' })
    workspace.faults.add({ fault: 'deny', times: 1 })
    await expect(readLater()).rejects.toMatchObject({ code: 'ERR_AUDIT_TRAIL_GAP' })
    await expect(readLater()).resolves.toBeUndefined()
  })

  test('azure workspace: the probe says whether records arrive', async () => {
    const probe = () => reader.probe(new AbortController().signal)
    expect(await probe()).toMatchObject([{ id: 'records-arrive', state: 'unknown' }])
    workspace.faults.add({ fault: 'deny', times: 1 })
    expect(await probe()).toMatchObject([{ id: 'records-arrive', state: 'failed' }])
  })

  test('azure workspace: a query names both tables, and no column that may not be there', () => {
    const [query] = workspace.queries as [string]
    expect(query).toContain('union isfuzzy=true')
    for (const table of ['AZKVAuditLogs', 'AzureDiagnostics', 'AzureActivity']) expect(query).toContain(`(${table} |`)
    expect(query).toContain('column_ifexists("requestUri_s", "")')
  })

  test.each([
    ['vaultUrl', { workspaceId: 'w1' }],
    ['vaultUrl', { workspaceId: 'w1', vaultUrl: 'http://vault' }],
    ['workspaceId', { vaultUrl: 'https://shop.vault.azure.net' }],
    ['table', { vaultUrl: 'https://shop.vault.azure.net', workspaceId: 'w1', table: 'x' }],
  ])('azure workspace: the option %s of %j is refused', async (option, section) => {
    await expect(azureTrail.readers['log-analytics']!(section)).rejects.toThrow(option)
  })
})
