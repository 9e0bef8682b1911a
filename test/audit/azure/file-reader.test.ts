import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { azureTrail } from '../../../providers/azure/audit-trail.js'
import type { TrailReader } from '../../../src/audit/trail/trail-reader.js'
import { type BlobServer, startBlobServer } from '../../../src/testing/servers/azure/blob-server.js'
import type { ReaderPasses } from '../trail/passes.js'
import {
  type AzureLogUnderTest,
  azureLogUnderTest,
  HOUR_MS,
  MINUTE_MS,
  RESOURCE_ID as resourceId,
  settingOf,
} from './log-under-test.js'

const vaultUrl = 'https://shop-keys.vault.azure.net'
const containerUrl = 'https://shop.blob.core.windows.net/insights-logs-auditevent'
const ROUND_TRIP = ['KeyWrap', 'KeySign', 'KeyUnwrap']

let [log, storage, reader]: [AzureLogUnderTest, BlobServer, TrailReader] = [] as never
let passes: ReaderPasses

beforeAll(async () => {
  log = await azureLogUnderTest()
  storage = await startBlobServer(log.kms, resourceId)
  const options = { ...log.options, resourceId, containerUrl: storage.containerUrl }
  reader = await azureTrail.readers['blob-export']!(options)
  // What is asked once and then known is not of these tests.
  await log.roundTrip()
})

afterAll(async () => {
  await reader.close()
  await storage.close()
  await log.kms.close()
})

beforeEach(async () => {
  storage.faults.clear()
  Object.assign(storage, { isImmutable: false, missingBytes: 0 })
  passes = await log.begin(reader)
})

const readLater = async (ms = 10 * MINUTE_MS) => {
  log.kms.advance(ms)
  await passes.read(log.kms.now())
}

test('azure files: each request of the provider is an event, and where it stands is known', async () => {
  await log.roundTrip()
  await readLater()
  const replies = log.ledger.entries.flatMap(({ end }) =>
    end!.replies.map(({ operation, requestId }) => ({ operation, requestId })),
  )
  expect([...passes.events.values()]).toMatchObject(replies)
  const [first, second] = passes.batches.flatMap(({ records }) => records)
  expect(first!.reference).toMatch(/^resourceId=\/SUBSCRIPTIONS\/.*\/PT1H\.json@0$/)
  expect(second!.reference).toMatch(new RegExp(`@${Buffer.byteLength(first!.raw) + 1}$`))
})

test('azure files: a file is read on from where it was left, also long after its hour', async () => {
  await log.roundTrip()
  await readLater()
  await log.roundTrip()
  await readLater()
  expect(passes.operations).toEqual([...ROUND_TRIP, ...ROUND_TRIP])
  expect(passes.sightings).toBe(6)
  await readLater(30 * HOUR_MS)
  expect(passes.sightings).toBe(6)
})

test('azure files: a line that is not whole is left until it is', async () => {
  await log.roundTrip()
  storage.missingBytes = 30
  await readLater()
  expect(passes.operations).toEqual(ROUND_TRIP.slice(0, 2))
  expect(passes.quarantined).toEqual([])
  storage.missingBytes = 0
  await readLater()
  expect(passes.operations).toEqual(ROUND_TRIP)
  expect(passes.sightings).toBe(3)
})

test('azure files: a last line without its end of line is whole where it is a whole record', async () => {
  await log.roundTrip()
  storage.missingBytes = 1
  await readLater()
  expect(passes.operations).toEqual(ROUND_TRIP)
  storage.missingBytes = 0
  await readLater()
  expect(passes.sightings).toBe(3)
})

test('azure files: a crash between two files loses nothing', async () => {
  await log.roundTrip()
  log.kms.advance(HOUR_MS)
  await log.roundTrip()
  log.kms.advance(10 * MINUTE_MS)
  await passes.read(log.kms.now(), 1)
  expect(passes.operations).toEqual(ROUND_TRIP)
  await passes.read(log.kms.now())
  expect(passes.operations).toEqual([...ROUND_TRIP, ...ROUND_TRIP])
})

test.each([6, 26])('azure files: a record that arrives %s hours late is found', async (hours) => {
  log.kms.log.delayMs = hours * HOUR_MS
  await log.roundTrip()
  await readLater()
  await readLater(hours * HOUR_MS)
  expect(passes.operations).toEqual(ROUND_TRIP)
})

test('azure files: the same request from a file and from a workspace is one event', async () => {
  const { startWorkspaceServer } = await import('../../../src/testing/servers/azure/workspace-server.js')
  const workspace = await startWorkspaceServer(log.kms)
  const options = { ...log.options, workspaceId: 'w1', endpoint: workspace.endpoint }
  const other = await azureTrail.readers['log-analytics']!(options)
  const others = await log.begin(other)
  await log.roundTrip()
  await readLater()
  await others.read(log.kms.now())
  await workspace.close()
  const [ours, theirs] = [passes, others].map(({ events }) =>
    [...events.values()].map(({ receivedAt: _, ...event }) => event),
  )
  expect(ours).toHaveLength(3)
  expect(theirs).toEqual(ours)
})

test.each([
  ['to this account', settingOf({ storageAccountId: '/subscriptions/s1/storageAccounts/Account' }), ['ok', 'ok']],
  ['to another one', settingOf({ storageAccountId: '/subscriptions/s1/storageAccounts/myaccount' }), ['ok', 'failed']],
  ['to a workspace alone', settingOf({ workspaceId: '/subscriptions/s1/account' }), ['ok', 'failed']],
])('azure files: a diagnostic setting %s is told', async (_, setting, expected) => {
  log.setSettings(setting)
  const checks = await reader.probe(new AbortController().signal)
  expect(checks.slice(0, 2).map(({ id, state }) => [id, state])).toEqual([
    ['audit-events-are-logged', expected[0]],
    ['logs-go-to-the-account', expected[1]],
  ])
})

describe('azure files: what goes wrong', () => {
  test('azure files: records of a container that nobody can change say so, and the probe tells', async () => {
    const proofs = () => passes.batches.flatMap(({ records }) => records).map(({ proof }) => proof)
    const probed = async () => (await reader.probe(new AbortController().signal)).at(-1)?.state
    await log.roundTrip()
    await readLater()
    expect(proofs()).toEqual([undefined, undefined, undefined])
    expect(await probed()).toBe('failed')
    storage.isImmutable = true
    await log.roundTrip()
    await readLater()
    expect(proofs().slice(3)).toEqual(['worm', 'worm', 'worm'])
    expect(await probed()).toBe('ok')
  })

  test('azure files: without access the trail is a gap; throttled, it is tried again later', async () => {
    storage.faults.add({ fault: 'throttle', operation: 'ListBlobs', times: 1 })
    await expect(readLater()).rejects.toMatchObject({ code: 'ERR_KMS_UNAVAILABLE', reason: 'throttled' })
    storage.faults.add({ fault: 'deny', operation: 'ListBlobs', times: 1 })
    await expect(readLater()).rejects.toMatchObject({ code: 'ERR_AUDIT_TRAIL_GAP' })
    await expect(readLater()).resolves.toBeUndefined()
  })

  test.each([
    ['vaultUrl', { containerUrl, resourceId }],
    ['containerUrl', { vaultUrl, resourceId, containerUrl: 'http://127.0.0.1' }],
    ['resourceId', { vaultUrl, containerUrl, resourceId: 'shop-keys' }],
    ['resourceId', { vaultUrl, containerUrl, resourceId: `${resourceId}-2` }],
    ['prefix', { vaultUrl, containerUrl, resourceId, prefix: 'x' }],
  ])('azure files: the option %s of %j is refused', async (option, section) => {
    await expect(azureTrail.readers['blob-export']!(section)).rejects.toThrow(option)
  })
})
