import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { AuditQuery } from '../../../src/audit/review/query.js'
import { countAudit, searchAudit } from '../../../src/audit/review/search.js'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { AuditRows } from './rows.js'

const MAY = { from: new Date('2026-05-01'), to: new Date('2026-06-01') }
const ROLE = 'arn:aws:sts::1:assumed-role/app'
const context = { 'waxseal-entity': 'account', 'waxseal-row': '7', tenant: 't-1' }

let database: FreshDatabase
/** Ids by what a test calls them. */
const ids: Record<string, string> = {}
beforeAll(async () => {
  database = await databaseWithSchema()
  const rows = new AuditRows(database.client)
  const at = (second: number) => `2026-05-10T10:00:${String(second).padStart(2, '0')}Z`
  ids.decrypt = await rows.event(at(1), { kek_id: 'k-1', principal: `${ROLE}/s-1`, context, request_id: 'r-1' })
  ids.rewrap = await rows.event(at(2), {
    kek_id: 'k-2',
    source_kek_id: 'k-1',
    operation: 'ReEncrypt',
    operation_class: 'rewrap',
  })
  ids.denied = await rows.event(at(3), { provider: 'gcp', outcome: 'denied', principal: 'somebody' })
  ids.attempt = await rows.attempt(at(4), { actor: 'alice', tenant: 't-1', kek_id: 'k-1', context, request: 'http-1' })
  ids.minted = await rows.attempt(at(5), { operation: 'generateDataKey', actor: 'bob' })
  ids.refused = await rows.attempt(at(6), { provider: 'gcp' })
  ids.broken = await rows.attempt(at(7), { kek_id: 'k-3' })
  ids.unanswered = await rows.attempt(at(8), { kek_id: 'k-3' })
  ids.read = await rows.application(at(9), {
    actor: 'alice',
    tenant: 't-1',
    entity: 'account',
    row_key: '7',
    request: 'http-1',
  })
  ids.login = await rows.application(at(10), { category: 'authentication', action: 'login', outcome: 'error' })
  ids.rotated = await rows.application(at(11), {
    category: 'key',
    action: 'rotate',
    kek_id: 'k-1',
    kek_provider: 'gcp',
  })
  await rows.end(ids.attempt!, at(12), {
    replies: JSON.stringify([{ operation: 'Decrypt', requestId: 'r-1', status: '200' }]),
  })
  await rows.end(ids.minted!, at(12), { kek_id: 'k-1', kek_version: 'v-1' })
  await rows.end(ids.refused!, at(12), { outcome: 'failed', error_code: 'ERR_KMS_ACCESS_DENIED' })
  await rows.end(ids.broken!, at(12), { outcome: 'failed', error_code: 'ERR_KMS_UNAVAILABLE' })
  await rows.eventState(ids.denied!, at(3), { state: 'unaccounted', rule: 'R5' })
  await rows.attemptState(ids.unanswered!, at(8), { state: 'missing', rule: 'grace' })
})
afterAll(() => database.drop())

async function foundBy(query: AuditQuery): Promise<string[]> {
  const { records } = await searchAudit(database.client, { ...MAY, ...query })
  const names = new Map(Object.entries(ids).map(([name, id]) => [id, name]))
  return records.map(({ id }) => names.get(id)!)
}

const CASES: Record<string, [query: AuditQuery, found: string[]]> = {
  'nothing: the newest first': [
    {},
    ['rotated', 'login', 'read', 'unanswered', 'broken', 'refused', 'minted', 'attempt', 'denied', 'rewrap', 'decrypt'],
  ],
  'kinds: only these': [{ kinds: ['event'] }, ['denied', 'rewrap', 'decrypt']],
  'actor: whoever it was': [{ actor: 'alice' }, ['read', 'attempt']],
  'actor: a beginning, for roles whose sessions have names': [{ actor: `${ROLE}/*` }, ['decrypt']],
  'actor: signs of LIKE mean themselves': [{ actor: 'al_c*' }, []],
  'key: also one that a rewrap read with, and one that the KMS chose': [
    { key: 'k-1' },
    ['rotated', 'minted', 'attempt', 'rewrap', 'decrypt'],
  ],
  'tenant: by the pair of the encryption context, too': [{ tenant: 't-1' }, ['read', 'attempt', 'decrypt']],
  'entity and row: one credential': [{ entity: 'account', row: '7' }, ['read', 'attempt', 'decrypt']],
  'entity and row: not another one': [{ entity: 'account', row: '8' }, []],
  'operation: the name of the provider': [{ operation: 'ReEncrypt' }, ['rewrap']],
  'operation: its class': [{ operation: 'decrypt' }, ['denied', 'decrypt']],
  'operation: the method of an attempt': [{ operation: 'generateDataKey' }, ['minted']],
  'outcome: denied, on either side': [{ outcome: 'denied' }, ['refused', 'denied']],
  'outcome: an error': [{ outcome: 'error' }, ['login', 'broken']],
  'outcome: an attempt without an end': [{ outcome: 'unanswered' }, ['unanswered']],
  'outcome: success': [{ outcome: 'success', kinds: ['attempt'] }, ['minted', 'attempt']],
  'state: of an event': [{ state: 'unaccounted' }, ['denied']],
  'state: of an attempt': [{ state: 'missing' }, ['unanswered']],
  'state: with a filter that application events have, and no state': [
    { state: 'missing', provider: 'aws' },
    ['unanswered'],
  ],
  'provider: of event, attempt and key': [{ provider: 'gcp' }, ['rotated', 'refused', 'denied']],
  'requestId: of the KMS, in event and reply': [{ requestId: 'r-1' }, ['attempt', 'decrypt']],
  'requestId: of the request to the application': [{ requestId: 'http-1' }, ['read', 'attempt']],
  'category: of application events': [{ category: 'key' }, ['rotated']],
  'from is inclusive and to is not': [
    { from: new Date('2026-05-10T10:00:02Z'), to: new Date('2026-05-10T10:00:04Z') },
    ['denied', 'rewrap'],
  ],
}

describe('finds by', () => {
  for (const [title, [query, expected]] of Object.entries(CASES)) {
    test(title, async () => {
      expect(await foundBy(query)).toEqual(expected)
      expect(await countAudit(database.client, { ...MAY, ...query })).toEqual({ count: expected.length, isMore: false })
    })
  }
})

test('an attempt has what its end says, and an event what the reconciliation says', async () => {
  const { records } = await searchAudit(database.client, MAY)
  const of = (name: string) => records.find(({ id }) => id === ids[name])
  expect(of('attempt')).toMatchObject({
    outcome: 'success',
    requestIds: ['r-1'],
    entity: 'account',
    row: '7',
    actor: 'alice',
  })
  expect(of('minted')).toMatchObject({ kekId: 'k-1', kekVersion: 'v-1', requestIds: [] })
  expect(of('refused')).toMatchObject({ outcome: 'denied', reason: 'ERR_KMS_ACCESS_DENIED' })
  expect(of('denied')).toMatchObject({ state: 'unaccounted', rule: 'R5', confidence: null, provider: 'gcp' })
  expect(of('login')).toMatchObject({
    kind: 'application',
    category: 'authentication',
    time: '2026-05-10T10:00:10.000000Z',
  })
})

describe('refuses', () => {
  const cases: Record<string, [query: object, message: string]> = {
    'a filter that there is not': [{ principal: 'alice' }, 'found "principal"'],
    'a kind that there is not': [{ kinds: ['events'] }, '"kinds"'],
    'an outcome that there is not': [{ outcome: 'ok' }, '"outcome"'],
    'a state that there is not, which would find nothing': [{ state: 'unacounted' }, '"state"'],
    'a category that there is not': [{ category: 'audits' }, '"category"'],
    'an empty filter, which would find everything': [{ actor: '' }, '"actor"'],
    'a time that is text': [{ from: '2026-05-01' }, '"from" and "to"'],
    'a time that is none': [{ to: new Date('x') }, '"from" and "to"'],
    'a window that ends before it begins': [{ from: MAY.to, to: MAY.from }, '"from" before "to"'],
  }
  for (const [what, [query, message]] of Object.entries(cases)) {
    test(what, async () => {
      await expect(searchAudit(database.client, query)).rejects.toMatchObject({
        ...{ code: 'ERR_CONFIGURATION', message: expect.stringContaining(message) },
      })
    })
  }
})
