import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { exportAudit } from '../../../src/audit/export/export-audit.js'
import { auditGrants } from '../../../src/audit/grants.js'
import { appendLeaves } from '../../../src/audit/integrity/append-leaves.js'
import { leafContentOf, leafOf } from '../../../src/audit/integrity/canonical-record.js'
import { checkpointText } from '../../../src/audit/integrity/checkpoint.js'
import { sinceProblem } from '../../../src/audit/integrity/export/since.js'
import { readRange } from '../../../src/audit/integrity/tree.js'
import { verifyInclusion } from '../../../src/audit/integrity/verify-inclusion.js'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { problemsOf } from '../ocsf/conformance.js'
import { AuditRows } from '../review/rows.js'

const MAY = { from: new Date('2026-05-01'), to: new Date('2026-06-01') }
const ORIGIN = 'audit.example/log'
const NOON = '2026-05-10T12:00:00.000001Z'
const auditor = `auditor_${randomBytes(6).toString('hex')}`

let database: FreshDatabase
let rows: AuditRows
let root: Buffer
let size: number
beforeAll(async () => {
  database = await databaseWithSchema()
  const { client } = database
  rows = new AuditRows(client)
  const context = { 'waxseal-entity': 'account', 'waxseal-row': '7' }
  const event = await rows.event(NOON, {
    source_ip: '10.0.0.1',
    user_agent: '=cmd()',
    principal: '@SUM(1)',
    raw: '{"poison":"\\u0000"}',
    context,
  })
  const attempt = await rows.attempt(NOON, { actor: 'a,"b"\r\nc', context })
  await rows.end(attempt, '2026-06-01T00:00:00Z', {
    replies: JSON.stringify([{ operation: 'Decrypt', requestId: 'r-1' }]),
  })
  await rows.eventState(event, NOON, { state: 'unaccounted', rule: 'R5' })
  await rows.application(NOON, { actor: '-1', reason: '+1', entity: 'account', row_key: '7' })
  size = (await appendLeaves(client)).size
  root = (await readRange(client, size)).root()
  await client.query(`INSERT INTO waxseal.log_checkpoint (size, root, note) VALUES ($1, $2, 'a note')`, [size, root])
  await rows.application('2026-05-11T12:00:00Z', { action: 'unsigned' })
  await appendLeaves(client)
  await client.query(`CREATE ROLE ${auditor}`)
  for (const statement of auditGrants('auditor', auditor)) await client.query(statement)
  await client.query(`SET ROLE ${auditor}`)
})
afterAll(async () => {
  await database.client.query(`RESET ROLE; DROP OWNED BY ${auditor}; DROP ROLE ${auditor}`)
  rmSync(parent, { recursive: true })
  await database.drop()
})

const parent = mkdtempSync(join(tmpdir(), 'waxseal-export-'))
let folder: string
beforeEach(() => {
  folder = join(parent, randomBytes(6).toString('hex'))
})
const read = (name: string) => readFileSync(join(folder, name), 'utf8')
const lines = () =>
  read('records.jsonl')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

test('each record has a proof that leads to the checkpoint, and one that came after it has none', async () => {
  await exportAudit(database.client, MAY, { folder })
  const proven = lines().filter(({ leaf }) => leaf !== null)
  expect(proven.map(({ kind }) => kind).sort()).toEqual(['application', 'attempt', 'end', 'event'])
  for (const { kind, record, leaf, proof } of proven) {
    const hash = leafOf(leafContentOf(kind, record)!)
    const path = proof.map((node: string) => Buffer.from(node, 'base64'))
    expect(verifyInclusion(hash, { position: leaf.position, size, path }, root)).toBe(true)
  }
  const unproven = lines().filter(({ leaf }) => leaf === null)
  expect(unproven).toMatchObject([{ record: { action: 'unsigned' }, proof: [] }])
})

test('the log of an export goes on from a checkpoint that its reader kept, or that is found', async () => {
  const before = { origin: ORIGIN, size: 3, root: (await readRange(database.client, 3)).root() }
  const since = checkpointText(before)
  const { since: proof } = await exportAudit(database.client, MAY, { folder, since })
  const head = { origin: ORIGIN, size, root }
  expect(sinceProblem(before, head, proof)).toBeUndefined()
  expect(sinceProblem({ ...before, root }, head, proof)).toMatch(/does not begin with that of the checkpoint of 3 /)
  expect(sinceProblem({ ...before, size: 2 }, head, proof)).toMatch(/no proof for the checkpoint of 2 .*--since/)
  expect(sinceProblem({ ...before, size: size + 1 }, head, proof)).toMatch(/shorter/)
  expect(sinceProblem({ ...before, origin: 'other' }, head, proof)).toMatch(/another log/)
  expect(sinceProblem(head, head, { size, proof: [] })).toBeUndefined()
})

test('what is no checkpoint, and one of more records than are signed, is refused', async () => {
  await expect(exportAudit(database.client, MAY, { folder, since: 'x' })).rejects.toThrow('expected a checkpoint')
  const since = checkpointText({ origin: ORIGIN, size: size + 1, root })
  await expect(exportAudit(database.client, MAY, { folder, since })).rejects.toThrow(`at most ${size} records`)
  expect(readdirSync(folder)).toEqual([])
})

test('an event has its raw text, and each record what a search shows of it', async () => {
  await exportAudit(database.client, { ...MAY, kinds: ['event'] }, { folder })
  const [event] = lines()
  expect(event).toMatchObject({ raw: '{"poison":"\\u0000"}', review: { entity: 'account', row: '7' } })
  expect(createHash('sha256').update(event.raw).digest('hex')).toBe(event.record.raw_sha256)
})

test('the manifest has query, counts, digests and checkpoint', async () => {
  const manifest = await exportAudit(
    database.client,
    { ...MAY, row: '7' },
    { folder, format: 'csv', verifierKey: 'key' },
  )
  expect(JSON.parse(read('manifest.json'))).toEqual(manifest)
  expect(manifest).toMatchObject({
    ...{ format: 'waxseal-audit-export', version: 1, checkpoint: 'a note', verifierKey: 'key' },
    ...{ query: { row: '7', from: '2026-05-01T00:00:00.000Z' }, counts: { event: 1, attempt: 1, end: 1 } },
  })
  expect(manifest.files.map(({ name }) => name).sort()).toEqual(
    readdirSync(folder)
      .filter((name) => name !== 'manifest.json')
      .sort(),
  )
  for (const { name, bytes, sha256 } of manifest.files) {
    expect({ bytes, sha256 }).toEqual({
      bytes: statSync(join(folder, name)).size,
      sha256: createHash('sha256').update(read(name)).digest('hex'),
    })
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
  }
})

test('CSV has a heading, and no cell that a spreadsheet would run', async () => {
  await exportAudit(database.client, MAY, { folder, format: 'csv' })
  const [heading, ...records] = read('records.csv').split(/\r\n(?=\d{4}-|$)/)
  expect(heading).toMatch(/^time,kind,operation,outcome,reason,actor,/)
  expect(records).toHaveLength(5)
  expect(records.join('\n')).toContain(`,"a,""b""\r\nc",`)
  expect(records.join('\n')).toContain(`,'@SUM(1),`)
  expect(records.join('\n')).toContain(`success,'+1,'-1,`)
})

test('OCSF has what its class requires, for events and application events', async () => {
  const names = { logName: 'A log', cloudOf: () => ({ provider: 'A cloud' }) }
  await exportAudit(database.client, MAY, { folder, format: 'ocsf', trails: { aws: names } })
  const found = read('records.ocsf.jsonl')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(found.flatMap(problemsOf)).toEqual([])
  expect(found.find(({ api }) => api.operation === 'Decrypt')).toMatchObject({
    ...{
      actor: { user: { uid: '@SUM(1)' } },
      raw_data: '{"poison":"\\u0000"}',
      ...{ metadata: { log_provider: 'A log' }, cloud: { provider: 'A cloud' } },
      http_request: { user_agent: '=cmd()' },
    },
    ...{ src_endpoint: { ip: '10.0.0.1' }, enrichments: [{ name: 'reconciliation', value: 'unaccounted' }] },
  })
  expect(found.find(({ api }) => api.operation === 'credential/read')).toMatchObject({
    ...{
      actor: { user: { uid: '-1' } },
      status_code: '+1',
      resources: [{ uid: '7', type: 'credential', name: 'account' }],
    },
  })
})

test('what nothing matches is an export, too', async () => {
  await exportAudit(database.client, { ...MAY, actor: 'nobody' }, { folder, format: 'csv' })
  expect([read('records.jsonl'), read('records.csv').split('\r\n')]).toEqual([
    '',
    [expect.stringContaining('time,'), ''],
  ])
})

test('page after page', async () => {
  const { client } = database
  await client.query('RESET ROLE')
  await client.query(
    `INSERT INTO waxseal.application_event (id, inserted_at, occurred_at, category, action, outcome, tenant)
      SELECT gen_random_uuid(), '2026-05-20', '2026-05-20', 'access', 'read', 'success', 't-1' FROM generate_series(1, 1001)`,
  )
  const progress: number[] = []
  const { counts } = await exportAudit(
    client,
    { ...MAY, tenant: 't-1' },
    { folder, onProgress: (n) => progress.push(n) },
  )
  expect({ counts, progress }).toEqual({ counts: { application: 1001 }, progress: [500, 500, 1] })
  expect(new Set(lines().map(({ record }) => record.id)).size).toBe(1001)
  await client.query(`SET ROLE ${auditor}`)
})

test('an interrupt ends it and leaves no file, and the same can be asked for again', async () => {
  const signal = AbortSignal.abort(new Error('stopped'))
  await expect(exportAudit(database.client, MAY, { folder, format: 'csv', signal })).rejects.toThrow('stopped')
  expect(readdirSync(folder)).toEqual([])
  await exportAudit(database.client, MAY, { folder, format: 'csv' })
  expect(readdirSync(folder).sort()).toEqual(['manifest.json', 'records.csv', 'records.jsonl'])
})

test('where the manifest cannot be written there is no export, and only what somebody else put there stays', async () => {
  const onProgress = () => mkdirSync(join(folder, 'manifest.json'))
  await expect(exportAudit(database.client, MAY, { folder, onProgress })).rejects.toMatchObject({ code: 'EEXIST' })
  expect(readdirSync(folder)).toEqual(['manifest.json'])
})

test('how many records came after the checkpoint is told', async () => {
  const told: number[] = []
  const query = { ...MAY, kinds: ['application'], operation: 'unsigned' } as const
  await exportAudit(database.client, query, { folder, onUnproven: (records) => told.push(records) })
  expect(told).toEqual([1])
})

test('that it is made is written down before, and what it held after', async () => {
  const { files } = await exportAudit(database.client, { ...MAY, kinds: ['attempt'] }, { folder })
  const { rows: views } = await database.client.query(
    `SELECT action, detail FROM waxseal.application_event WHERE category = 'audit' ORDER BY inserted_at DESC LIMIT 2`,
  )
  expect(views).toEqual([
    { action: 'exported', detail: { counts: { attempt: 1, end: 1 }, files } },
    { action: 'export', detail: { format: 'jsonl', query: expect.objectContaining({ kinds: ['attempt'] }) } },
  ])
})

describe('refuses', () => {
  const refused = { code: 'ERR_CONFIGURATION' }

  test('a folder with files in it, and leaves them', async () => {
    writeFileSync(join(parent, 'mine'), 'mine')
    await expect(exportAudit(database.client, MAY, { folder: parent })).rejects.toMatchObject(refused)
    expect(readFileSync(join(parent, 'mine'), 'utf8')).toBe('mine')
  })

  test('a folder that is a file', async () => {
    writeFileSync(folder, '')
    await expect(exportAudit(database.client, MAY, { folder })).rejects.toMatchObject(refused)
  })

  test('a format that there is not', () => {
    return expect(exportAudit(database.client, MAY, { folder, format: 'xml' as never })).rejects.toMatchObject(refused)
  })

  test('to export for whom nothing can be written down, and makes no file', async () => {
    const { client } = database
    await client.query(
      `RESET ROLE; REVOKE EXECUTE ON FUNCTION waxseal.record_review(uuid, text, jsonb) FROM ${auditor}; SET ROLE ${auditor}`,
    )
    await expect(exportAudit(client, MAY, { folder })).rejects.toMatchObject({ code: '42501' })
    expect(readdirSync(folder)).toEqual([])
  })
})
