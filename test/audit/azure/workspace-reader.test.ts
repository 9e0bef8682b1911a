import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { azureTrail } from '../../../providers/azure/audit-trail.js'
import type { AuditEvent } from '../../../src/audit/trail/audit-event.js'
import type { TrailReader } from '../../../src/audit/trail/trail-reader.js'
import { RecordingProvider } from '../../../src/kms/recording-provider.js'
import { startWorkspaceServer, type WorkspaceServer } from '../../../src/testing/servers/azure/workspace-server.js'
import { azureUnderTest } from '../../providers/azure-under-test.js'
import type { ReaderPasses } from '../trail/passes.js'
import {
  type AzureLogUnderTest,
  azureLogUnderTest,
  HOUR_MS,
  MINUTE_MS,
  RESOURCE_ID,
  settingOf,
} from './log-under-test.js'

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
    const arriving = async () => (await reader.probe(new AbortController().signal)).at(-1)
    expect(await arriving()).toMatchObject({ id: 'records-arrive', state: 'unknown' })
    workspace.faults.add({ fault: 'deny', times: 1 })
    expect(await arriving()).toMatchObject({ id: 'records-arrive', state: 'failed' })
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

describe('azure workspace: diagnostic settings', () => {
  const WORKSPACE = '/subscriptions/s1/resourceGroups/logs/providers/Microsoft.OperationalInsights/workspaces/audit'
  const here = { workspaceId: WORKSPACE }
  const uncapped = { dailyQuotaGb: -1, dataIngestionStatus: 'RespectQuota' }
  /** What is said of the vault, of the workspace, and of what the workspace leaves out. */
  const posture = async (resourceId = RESOURCE_ID) => {
    const options = { ...log.options, workspaceId: 'W1', endpoint: workspace.endpoint, resourceId }
    const checks = await (await azureTrail.readers['log-analytics']!(options)).probe(new AbortController().signal)
    return checks.filter(({ id }) => id !== 'records-arrive')
  }
  const statesOf = async () => (await posture()).map(({ state }) => state)
  const setWorkspace = (properties: object) => {
    log.kms.management.set(WORKSPACE, { properties: { customerId: 'w1', workspaceCapping: uncapped, ...properties } })
  }

  test.each([
    ['the category, to this workspace', [settingOf(here)], ['ok', 'ok', 'ok']],
    ['the group of audit', [settingOf(here, { categoryGroup: 'audit', enabled: true })], ['ok', 'ok', 'ok']],
    ['everything', [settingOf(here, { categoryGroup: 'allLogs', enabled: true })], ['ok', 'ok', 'ok']],
    ['it twice', [settingOf({ storageAccountId: 'a' }), settingOf(here)], ['ok', 'ok', 'ok']],
    ['it elsewhere', [settingOf({ storageAccountId: 'a' })], ['ok', 'failed', 'unknown']],
    ['it switched off', [settingOf(here, { category: 'AuditEvent', enabled: false })], ['failed', 'failed', 'unknown']],
    ['evaluations of policies alone', [settingOf(here, {})], ['failed', 'failed', 'unknown']],
    ['nothing', [], ['failed', 'failed', 'unknown']],
  ])('azure workspace: what sends %s is told', async (_, settings, expected) => {
    log.setSettings(...settings)
    setWorkspace({})
    expect(await statesOf()).toEqual(expected)
  })

  test.each([
    ['a daily cap', { workspaceCapping: { ...uncapped, dailyQuotaGb: 1 } }, 'failed'],
    ['a cap that was met', { workspaceCapping: { ...uncapped, dataIngestionStatus: 'OverQuota' } }, 'failed'],
    ['a transformation', { defaultDataCollectionRuleResourceId: '/rule' }, 'unknown'],
    ['nothing that is known', { workspaceCapping: undefined }, 'unknown'],
  ])('azure workspace: a workspace that leaves out by %s is told', async (_, properties, expected) => {
    log.setSettings(settingOf(here))
    setWorkspace(properties)
    expect(await statesOf()).toEqual(['ok', 'ok', expected])
  })

  test('azure workspace: settings that could not be looked at are unknown, with the reason', async () => {
    log.setSettings(settingOf(here))
    expect(await statesOf()).toEqual(['ok', 'unknown', 'unknown'])
    log.kms.faults.add({ fault: 'deny', operation: 'Management', times: 1 })
    for (const { state, evidence } of await posture()) {
      expect([state, evidence]).toEqual(['unknown', expect.stringContaining('could not be looked at')])
      expect(evidence).toMatch(/answered 403 Forbidden$/)
    }
    const checks = await reader.probe(new AbortController().signal)
    expect(checks[0]).toMatchObject({ state: 'unknown', evidence: expect.stringContaining('no "resourceId"') })
  })

  test('azure workspace: a token goes to no other host that a reply names', async () => {
    log.setSettings(settingOf({ workspaceId: `//localhost:${new URL(log.kms.endpoint).port}${WORKSPACE}` }))
    setWorkspace({})
    expect(await statesOf()).toEqual(['ok', 'unknown', 'unknown'])
  })

  test('azure workspace: looking at the settings is in no log of the vault', async () => {
    log.setSettings()
    await posture()
    await readLater()
    expect(passes.operations).toEqual([])
  })
})
