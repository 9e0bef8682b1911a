import { expect, test } from '@jest/globals'
import type { LedgerAttempt, TrailEvent, TrailFacts } from '../../../src/audit/reconciliation/records.js'
import type { OperationClass } from '../../../src/audit/trail/audit-event.js'
import {
  attempt,
  BY_COUNT,
  BY_REQUEST_ID,
  BY_TOKEN,
  event,
  HOUR,
  MINUTE,
  NOON,
  outcomeOf,
  unanswered,
} from './records.js'

const ours = () => attempt({ reply: { requestId: 'r' } })
const accounted = () => event({ requestId: 'r' })

test('case 39: use from outside with our own identity is unaccounted', () => {
  const events = [accounted(), event({ requestId: 'x', time: NOON + 20 })]
  expect(outcomeOf({ attempts: [ours()], events })).toMatchObject({
    events: ['accounted R1', 'unaccounted R5'],
    findings: ['unaccounted high'],
  })
})

test('use by an identity that was never seen is critical, and the identity a finding', () => {
  const events = [accounted(), event({ requestId: 'x', principal: 'somebody-else' })]
  expect(outcomeOf({ attempts: [ours()], events }).findings).toEqual([
    'unaccounted critical',
    'unknown-principal critical',
  ])
})

test.each<[OperationClass, string]>([
  ['policy', 'key-changed critical'],
  ['key-disable', 'key-changed critical'],
  ['key-delete', 'key-changed critical'],
  ['key-enable', 'key-changed high'],
  ['read', 'unaccounted low'],
])('%s that nobody of ours asked for is: %s', (operationClass, finding) => {
  const changed = event({ requestId: 'x', operation: 'Change', operationClass })
  expect(outcomeOf({ attempts: [ours()], events: [accounted(), changed] }).findings).toEqual([finding])
})

test('case 45: rotation and deletion by the provider itself are no calls', () => {
  const events = [
    event({ kind: 'service', operation: 'RotateKey' }),
    event({ kind: 'lifecycle', operation: 'DeleteKey' }),
  ]
  expect(outcomeOf({ events })).toMatchObject({
    events: ['provider_initiated R0', 'provider_initiated R0'],
    findings: [],
  })
})

test('case 46: what is expected is named, unless the ledger knows it exactly', () => {
  const looked = attempt({
    operation: 'unwrap',
    replies: [{ operation: 'KeyGet', status: 'ok', requestId: 'r', at: NOON }],
  })
  const noise = { operation: 'KeyGet', operationClass: 'read', expectedBy: 'challenge/1' } as const
  const events = [event({ ...noise, requestId: 'r' }), event(noise)]
  expect(outcomeOf({ attempts: [looked], events }).events).toEqual(['accounted R1', 'expected R0 challenge/1'])
})

test('a corrected event is superseded, and the correction is what counts', () => {
  const first = accounted()
  const events = [first, event({ requestId: 'r', supersedes: first.uid, time: NOON + 1 })]
  expect(outcomeOf({ attempts: [ours()], events }).events).toEqual(['superseded R0', 'accounted R1'])
})

test('copies of one call in two accounts are accounted for by one request', () => {
  const events = [event({ requestId: 'r', copyGroup: 'g' }), event({ requestId: 'r', copyGroup: 'g', scope: 'other' })]
  expect(outcomeOf({ attempts: [ours()], events }).events).toEqual(['accounted R1', 'accounted R0 copy'])
  const elsewhere = outcomeOf({ events: [event({ copyGroup: 'g' })], copiesElsewhere: new Map([['g', 'attempt']]) })
  expect(elsewhere.events).toEqual(['accounted R0 copy'])
})

test('other keys of the account are of no concern, and a call that names none is', () => {
  const { kekId, ...denied } = event({ outcome: 'denied' })
  const keyless = (operationClass: OperationClass) => ({ ...denied, id: operationClass, operationClass })
  const events = [event({ kekId: 'of-others' }), denied, keyless('read'), keyless('random')]
  expect(outcomeOf({ events }).events).toEqual([
    ...['expected R0 another-key', 'unaccounted R5', 'expected R0 another-key', 'expected R0 another-key'],
  ])
})

test('a rewrap out of a key of ours, to one of somebody else, is of concern', () => {
  const rewrap = { operation: 'ReEncrypt', operationClass: 'rewrap' } as const
  const events = [event({ ...rewrap, kekId: 'of-others', sourceKekId: 'key-1' })]
  expect(outcomeOf({ events }).events).toEqual(['unaccounted R5'])
})

test('case 40: an attempt that was inserted after the event accounts for nothing', () => {
  const late = (insertedAt: number) => {
    const attempts = [attempt({ reply: { requestId: 'r' }, insertedAt })]
    return outcomeOf({ attempts, events: [event({ requestId: 'r', arrivedAt: NOON + 5 * MINUTE })] }).events
  }
  expect(late(NOON + 5 * MINUTE)).toEqual(['accounted R1'])
  expect(late(NOON + 5 * MINUTE + 1)).toEqual(['unaccounted R1 backfilled'])
})

test('one attempt of a batch that was there in time accounts for its event, whenever the others were stored', () => {
  const late = { reply: { requestId: 'r' }, insertedAt: NOON + HOUR }
  const events = [event({ requestId: 'r' })]
  expect(outcomeOf({ attempts: [ours(), attempt(late)], events }).events).toEqual(['accounted R1'])
  expect(outcomeOf({ attempts: [attempt(late), attempt(late)], events }).events).toEqual(['unaccounted R1 backfilled'])
})

test('a reply that was inserted after the event accounts for nothing, however old its attempt is', () => {
  const answered = (endInsertedAt: number) => {
    const attempts = [attempt({ reply: { requestId: 'r' }, endInsertedAt })]
    return outcomeOf({ attempts, events: [event({ requestId: 'r' })] }).events
  }
  expect(answered(NOON + 5 * MINUTE)).toEqual(['accounted R1'])
  expect(answered(NOON + 5 * MINUTE + 1)).toEqual(['unaccounted R1 backfilled'])
})

test('what was added afterwards explains nothing by any other rule: token, number, or a call without an answer', () => {
  const late = { insertedAt: NOON + HOUR }
  const ours = attempt(late)
  const explained = (trail: TrailFacts, attempts: LedgerAttempt, given: Partial<TrailEvent>) =>
    outcomeOf({ trail, attempts: [attempts], events: [event(given)] }).events
  expect(explained(BY_TOKEN, ours, { callToken: ours.id })).toEqual(['unaccounted R2 backfilled'])
  expect(explained(BY_COUNT, attempt(late), {})).toEqual(['unaccounted R3'])
  expect(explained(BY_REQUEST_ID, unanswered(late), { requestId: 'x' })).toEqual(['unaccounted R5'])
})

test('a journal has a minute from when the mirror has the event: while the database is away it has none', () => {
  const journalled = (insertedAt: number) => {
    const attempts = [attempt({ reply: { requestId: 'r' }, insertedAt, isJournalled: true })]
    const events = [event({ requestId: 'r', arrivedAt: NOON, mirroredAt: NOON + 30 * MINUTE })]
    return outcomeOf({ attempts, events }).events
  }
  expect(journalled(NOON + 31 * MINUTE)).toEqual(['accounted R1'])
  expect(journalled(NOON + 31 * MINUTE + 1)).toEqual(['unaccounted R1 backfilled'])
})

test('within the flush bound a journal may be later than a trail without delay', () => {
  const attempts = [attempt({ reply: { requestId: 'r' }, insertedAt: NOON + MINUTE })]
  expect(outcomeOf({ attempts, events: [event({ requestId: 'r', arrivedAt: NOON })] }).events).toEqual(['accounted R1'])
})

test('case 41: while a ledger writer lags, an event stays pending', () => {
  const events = [event({ requestId: 'x' })]
  const now = NOON + 60 * MINUTE - 1
  expect(outcomeOf({ events, now, flushedTo: NOON })).toMatchObject({ events: ['pending'], findings: [] })
  expect(outcomeOf({ events, now, flushedTo: NOON + 1 }).events).toEqual(['unaccounted R5'])
  expect(outcomeOf({ events, now: now + 1, flushedTo: 0 }).events).toEqual(['unaccounted R5'])
})

test('an event stays pending for a quarter of an hour', () => {
  const events = [event({ requestId: 'x' })]
  expect(outcomeOf({ events, now: NOON + 15 * MINUTE - 1 }).events).toEqual(['pending'])
  expect(outcomeOf({ events, now: NOON + 15 * MINUTE }).events).toEqual(['unaccounted R5'])
})

test('a key that no attempt names is ours once a request of ours used it, such as the one that signs wraps', () => {
  const replies = ['KeyGet', 'KeySign'].map((operation) => ({
    operation,
    status: 'ok',
    requestId: operation,
    at: NOON,
  }))
  const signed = attempt({ operation: 'wrap', replies })
  const [look, sign] = [
    { operation: 'KeyGet', operationClass: 'read', kekId: 'signing-key' } as const,
    { operation: 'KeySign', operationClass: 'sign', kekId: 'signing-key' } as const,
  ]
  const ours = [event({ ...look, requestId: 'KeyGet' }), event({ ...sign, requestId: 'KeySign' })]
  expect(outcomeOf({ attempts: [signed], events: [...ours, event({ ...sign, requestId: 'x' })] }).events).toEqual([
    'accounted R1',
    'accounted R1',
    'unaccounted R5',
  ])
})
