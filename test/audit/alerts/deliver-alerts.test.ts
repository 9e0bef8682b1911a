import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { deliverAlerts } from '../../../src/audit/alerts/deliver-alerts.js'
import { acknowledgeFindings } from '../../../src/audit/findings/acknowledge-findings.js'
import type { FindingFilters } from '../../../src/audit/findings/finding-filters.js'
import { readFindings } from '../../../src/audit/findings/read-findings.js'
import type { Finding } from '../../../src/audit/reconciliation/finding.js'
import { storeFindings } from '../../../src/audit/reconciliation/storage/store-findings.js'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'

let database: FreshDatabase
let server: Server
let status = 200
let refused = 'none'
let told: { type: string; data: Record<string, unknown> }[] = []
beforeAll(async () => {
  database = await databaseWithSchema()
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const message = JSON.parse(body)
      const answer = message.data.subject === refused ? 422 : status
      if (answer === 200) told.push(message)
      response.writeHead(answer).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve))
  await database.drop()
})

const at = Date.UTC(2026, 10, 26)
const finding = (subject: string, severity: Finding['severity']): Finding => {
  return {
    kind: 'unaccounted',
    severity,
    subject,
    occurredAt: at,
    principal: 'somebody',
    detail: { operation: 'Decrypt' },
  }
}
const place = {
  provider: 'aws',
  scope: '1/eu',
  kinds: ['unaccounted'],
  from: new Date(at),
  to: new Date(at + 86_400_000),
} as const
const store = (...findings: readonly Finding[]) => storeFindings(database.client, place, findings)

async function toldNow(): Promise<unknown[]> {
  told = []
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  await deliverAlerts(database.client, { url, key: Buffer.alloc(32, 1) }, 'high')
  return told.map(({ data }) => data.subject)
}

test('what is grave enough is told once, again when it is back, and again in the next pass where nobody took it', async () => {
  await store(finding('grave', 'critical'), finding('harmless', 'low'))
  status = 400
  expect(await toldNow()).toEqual([])
  status = 200
  expect(await toldNow()).toEqual(['grave'])
  expect(told).toMatchObject([
    { type: 'waxseal.audit.finding', data: { kind: 'unaccounted', severity: 'critical', principal: 'somebody' } },
  ])
  expect(await toldNow()).toEqual([])
  await store()
  expect(await toldNow()).toEqual([])
  expect(await store(finding('grave', 'critical'))).toMatchObject([{ subject: 'grave' }])
  expect(await toldNow()).toEqual(['grave'])
})

test('a finding has its notes and what they come to; an acknowledgement needs a reason and a finding', async () => {
  const { client } = database
  const opened = await store(finding('grave', 'critical'), finding('another', 'high'))
  expect(opened.map(({ subject }) => subject)).toEqual(['another'])
  const { id } = (await readFindings(client, { limit: 9 })).find(({ subject }) => subject === 'another')!
  const status = async () => (await readFindings(client, { limit: 9 })).find((each) => each.id === id)?.status
  expect(await status()).toBe('open')
  await acknowledgeFindings(client, { ids: [id] }, { reason: 'a drill', who: 'me' })
  expect(await status()).toBe('acknowledged')
  expect((await readFindings(client, { open: true, limit: 9 })).map(({ subject }) => subject)).toEqual(['grave'])
  const [acknowledged] = (await readFindings(client, { limit: 9 })).filter((each) => each.id === id)
  expect(acknowledged?.notes).toMatchObject([{ action: 'acknowledged', reason: 'a drill' }])
  await store(finding('grave', 'critical'))
  expect(await status()).toBe('resolved')
  await expect(acknowledgeFindings(client, { ids: ['x'] }, { reason: 'a', who: 'me' })).rejects.toThrow(
    'expected the id of a finding',
  )
  await expect(acknowledgeFindings(client, { ids: [id] }, { reason: ' ', who: 'me' })).rejects.toThrow(
    'expected a reason',
  )
  const unknown = '00000000-0000-7000-8000-000000000000'
  await expect(acknowledgeFindings(client, { ids: [id, unknown] }, { reason: 'a', who: 'me' })).rejects.toThrow(
    'no finding 0000',
  )
})

test('a finding whose message is refused keeps no other back, and is tried again; whoever refuses all is not asked for each', async () => {
  await store(finding('refused', 'critical'), finding('after', 'critical'))
  refused = 'refused'
  expect(await toldNow()).toEqual(['after'])
  refused = 'none'
  status = 401
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  await store(finding('refused', 'critical'), finding('one more', 'critical'))
  const answers = await deliverAlerts(database.client, { url, key: Buffer.alloc(32, 1) }, 'high')
  expect(answers).toMatchObject([{ delivered: false, answer: '401' }])
  status = 200
  expect(await toldNow()).toEqual(['refused', 'one more'])
})

test('findings are acknowledged by what they have in common, where they are open; not all of them by a slip', async () => {
  const { client } = database
  const by = (principal: string, subject: string): Finding => ({
    ...finding(subject, 'medium'),
    principal,
    kekId: 'k-1',
  })
  await store(by('drill', 'first'), by('drill', 'second'), by('somebody', 'third'))
  const drill = { kind: 'unaccounted', severity: 'medium', provider: 'aws', key: 'k-1', principal: 'drill' } as const
  const note = { reason: 'a drill', who: 'me' }
  const acknowledged = async (which: FindingFilters, dryRun = false) =>
    (await acknowledgeFindings(client, which, { ...note, dryRun })).map(({ subject }) => subject).sort()
  const window = { from: new Date(at), to: new Date(at + 1) }
  expect(await acknowledged({ ...drill, ...window }, true)).toEqual(['first', 'second'])
  for (const other of [
    ...[{ kind: 'missing' }, { severity: 'low' }, { provider: 'gcp' }, { key: 'k-2' }, { from: new Date(at + 1) }],
    { to: new Date(at) },
  ] as FindingFilters[]) {
    expect(await acknowledged({ ...drill, ...other })).toEqual([])
  }
  expect(await acknowledged({ ...drill, ...window })).toEqual(['first', 'second'])
  expect(await acknowledged(drill)).toEqual([])
  const open = await readFindings(client, { open: true, severity: 'medium', limit: 9 })
  expect(open.map(({ subject }) => subject)).toEqual(['third'])
  await expect(acknowledged({})).rejects.toThrow('expected ids of findings')
})
