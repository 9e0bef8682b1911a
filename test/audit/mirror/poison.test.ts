import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { normalizeVault } from '../../../providers/vault/trail/normalize.js'
import { takeLease } from '../../../src/audit/mirror/lease.js'
import { storeBatch } from '../../../src/audit/mirror/store-batch.js'
import { registerSource } from '../../../src/audit/mirror/trail-source.js'
import type { Normalized, TrailRecord } from '../../../src/audit/trail/audit-event.js'
import { arrayText } from '../../../src/postgres/array-text.js'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { auditLine } from '../vault/lines.js'

let database: FreshDatabase
beforeAll(async () => {
  database = await databaseWithSchema()
})
afterAll(() => database.drop())

/** Stores the record with one behind it, which must not be kept from being stored; resolves to both as they are stored. */
async function stored(raw: string, normalize: (record: TrailRecord) => Normalized = normalizeVault) {
  const source = await registerSource(database.client, { provider: 'vault', scope: randomUUID(), name: 'test' })
  const lease = { source, owner: randomUUID(), holdMs: 60_000 }
  await takeLease(database.client, lease)
  const behind = auditLine({ id: 'behind' })
  const records = [{ raw }, { raw: behind }]
  const batch = { records, cursor: null }
  await expect(storeBatch(database.client, lease, batch, normalize, new Date())).resolves.toBeDefined()
  const { rows: events } = await database.client.query(
    'SELECT * FROM waxseal.audit_event WHERE scope = $1 AND raw <> $2',
    [source.scope, behind],
  )
  const { rows: quarantined } = await database.client.query(
    'SELECT reason, payload FROM waxseal.trail_quarantine WHERE source = $1',
    [source.id],
  )
  const { rows: others } = await database.client.query(
    'SELECT FROM waxseal.audit_event WHERE raw = $1 AND source = $2',
    [...[behind, source.id]],
  )
  expect(others).toHaveLength(1)
  return { event: events[0], quarantined: quarantined[0] }
}

const withContext =
  (context: Record<string, string>, more: object = {}) =>
  (record: TrailRecord) => {
    const found = normalizeVault(record)
    return 'event' in found && !record.raw.includes('behind') ? { event: { ...found.event, context, ...more } } : found
  }

test('U+0000 and half a surrogate pair: the text stays as it was, and what is made of it can be stored', async () => {
  const raw = auditLine({ auth: { display_name: 'a\0b' }, error: 'x\ud800y' })
  const { event } = await stored(raw, withContext({ 'na\0me': 'va\udc00lue', list: 'b' }))
  expect(event).toMatchObject({
    ...{ raw, principal_name: 'a\uFFFDb', status: 'x\uFFFDy' },
    context: { 'na\uFFFDme': 'va\uFFFDlue', list: 'b' },
    canonical_sha256: null,
  })
  expect(event.raw_sha256).toEqual(createHash('sha256').update(raw).digest())
})

test('a member that stands twice: stored, and without a canonical form', async () => {
  const raw = auditLine().replace('"time":', '"time":"2020-01-01T00:00:00Z","time":')
  // The vault's own content has one; the raw text has none.
  const { event } = await stored(raw, (record) => {
    const found = normalizeVault(record)
    if (!('event' in found)) return found
    const { content: _, ...event } = found.event
    return { event }
  })
  expect(event).toMatchObject({ raw, canonical_sha256: null })
})

test('an event of 256 KB, and an indexed text that is too long for an index', async () => {
  const raw = auditLine({ request: { long: 'x'.repeat(256 * 1024) } })
  // Random, so that it cannot be compressed into the index.
  const long = Array.from({ length: 300 }, () => randomUUID()).join('')
  const { event } = await stored(
    raw,
    withContext({ 'waxseal-row': long }, { principal: long, callToken: long, requestId: long, kekId: long }),
  )
  expect(event.raw).toBe(raw)
  const kept = `${long.slice(0, 250)}… sha256:${createHash('sha256').update(long).digest('hex')}`
  expect(event).toMatchObject({ principal: kept, call_token: kept, request_id: kept, kek_id: kept })
  expect(event).toMatchObject({ context: { 'waxseal-row': kept } })
})

test('sources that are no addresses are kept as text', async () => {
  for (const source of ['AWS Internal', 'gce-internal-ip', 'kms.example.com', 'fe80::1%eth0']) {
    const { event } = await stored(auditLine(), withContext({}, { source }))
    expect(event).toMatchObject({ source_ip: null, source_text: source })
  }
})

test('a time of arrival that is none leaves the column empty', async () => {
  for (const receivedAt of ['0000-01-01T00:00:00Z', '-000001-01-01T00:00:00Z', '+275760-09-13T00:00:00Z', 'never']) {
    const { event } = await stored(auditLine(), withContext({}, { receivedAt: new Date(receivedAt) }))
    expect(event).toMatchObject({ received_at: null })
  }
})

test('a formula as user agent is stored as it is', async () => {
  const raw = auditLine({ request: { headers: { 'user-agent': ['=1+1'] } } })
  expect((await stored(raw)).event).toMatchObject({ user_agent: '=1+1' })
})

test('what holds U+0000 itself, what is no JSON, and a time that is none are put aside byte by byte', async () => {
  const cases: [raw: string, reason: string][] = [
    [`{"a":"\0"}`, 'holds the character U+0000'],
    ['{"half', 'no JSON object'],
    [auditLine({ time: '0001-01-01T00:00:00Z' }), 'its time is none between 2006 and 2100'],
    [auditLine({ time: '9999-12-31T00:00:00Z' }), 'its time is none between 2006 and 2100'],
  ]
  for (const [raw, reason] of cases) {
    const { event, quarantined } = await stored(raw)
    expect(event).toBeUndefined()
    expect(quarantined).toMatchObject({ reason: expect.stringContaining(reason), payload: Buffer.from(raw) })
  }
})

test('a normalisation that throws keeps nothing from being stored', async () => {
  const { quarantined } = await stored('{"a":1}', (record) => {
    if (record.raw === '{"a":1}') throw new TypeError('a mistake')
    return normalizeVault(record)
  })
  expect(quarantined).toMatchObject({ reason: 'not understood (TypeError)' })
})

test('texts come out of an array as they were put into it', async () => {
  const special = fc.constantFrom('NULL', '', ' ', ',', '{}', '"', '\\', '\\x00', '\n')
  const text = fc.string({ unit: 'grapheme' }).filter((each) => each.isWellFormed() && !each.includes('\0'))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(fc.oneof(special, text))), async (list) => {
      const { rows } = await database.client.query('SELECT $1::text[] AS list', [arrayText(list)])
      expect(rows).toEqual([{ list }])
    }),
  )
})
