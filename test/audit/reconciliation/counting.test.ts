import { expect, test } from '@jest/globals'
import { bucketFindings } from '../../../src/audit/reconciliation/findings/bucket-findings.js'
import { attempt, BY_COUNT, DAY, event, findingsByKind, NOON, outcomeOf, START } from './records.js'

const trail = BY_COUNT

test('case 47: one event too many in a bucket of a thousand is one finding, which says the number', () => {
  const attempts = Array.from({ length: 1_000 }, (_, index) => attempt({ startedAt: START + index * 60_000 }))
  const events = attempts.map(({ startedAt }) => event({ time: startedAt + 20 }))
  const outside = event({ time: attempts[500]!.startedAt + 25 })
  const { findings, result } = outcomeOf({ trail, attempts, events: [...events, outside] })
  expect(findings).toEqual(['surplus high'])
  expect(findingsByKind(result, 'surplus')).toMatchObject([
    { detail: { surplus: 1, missing: 0, operation: 'Decrypt' } },
  ])
})

test('as many events as can be are matched, whatever their order', () => {
  // The first attempt ends first: taken for the second event, it would leave none for the first.
  const long = attempt({ endedAt: NOON + 60_000, replies: [{ operation: 'Decrypt', status: 'ok', at: NOON + 60_000 }] })
  const short = attempt({ startedAt: NOON + 1, replies: [{ operation: 'Decrypt', status: 'ok', at: NOON + 40 }] })
  const events = [event({ time: NOON + 20 }), event({ time: NOON + 30_000 })]
  expect(outcomeOf({ trail, attempts: [long, short], events }).events).toEqual(['accounted R3', 'accounted R3'])
})

test.each([
  ['another key', { kekId: 'key-2' }],
  ['another operation', { operation: 'Encrypt' }],
  ['another outcome', { outcome: 'error' as const }],
  ['another time', { time: NOON + 10_000 }],
  ['another principal', { principal: 'somebody-else' }],
])('an event with %s is in another bucket, or too late', (_, other) => {
  const keks = new Set(['key-1', 'key-2'])
  expect(outcomeOf({ trail, attempts: [attempt()], events: [event(other)], keks }).events[0]).toMatch(/^unaccounted/)
})

test('requests without an event and events without a request in one bucket are one ambiguous finding', () => {
  const attempts = [attempt(), attempt({ startedAt: NOON + 60_000 })]
  const events = [event(), event({ time: NOON + 120_000 })]
  const { findings, result } = outcomeOf({ trail, attempts, events })
  expect(findings).toEqual(['ambiguous medium'])
  expect(findingsByKind(result, 'ambiguous')).toMatchObject([{ detail: { surplus: 1, missing: 1 } }])
})

test('a stranger in a bucket of ours is no surplus but unaccounted by himself', () => {
  const events = [event(), event({ principal: 'somebody-else', time: NOON + 5 })]
  expect(outcomeOf({ trail, attempts: [attempt()], events }).findings).toEqual([
    'unaccounted critical',
    'unknown-principal critical',
  ])
})

test('what another day took of an attempt is its request of that operation, and the other one is left', () => {
  const replies = [
    { operation: 'Encrypt', status: 'ok', at: NOON + 20 },
    { operation: 'Decrypt', status: 'ok', at: NOON + 40 },
  ]
  const wrap = attempt({ operation: 'wrap', replies, isNeighbour: true })
  const taken = { state: 'accounted', rule: 'R3', confidence: 'count', attempt: wrap.id } as const
  const events = [
    event({ time: NOON + 30, isNeighbour: true, previous: taken }),
    event({ operation: 'Encrypt', operationClass: 'encrypt', time: NOON + 10 }),
  ]
  expect(outcomeOf({ trail, attempts: [wrap], events }).events).toEqual(['accounted R3', 'accounted R3'])
})

test('a day is counted, too, where the day before was', () => {
  const [before, today] = [attempt({ isNeighbour: true, startedAt: NOON - 1_000 }), attempt()]
  const counted = { state: 'accounted', rule: 'R3', confidence: 'count', attempt: before.id } as const
  const events = [event({ time: NOON - 980, isNeighbour: true, previous: counted }), event({ time: NOON + 20 })]
  expect(outcomeOf({ trail, attempts: [before, today], events })).toMatchObject({
    events: ['accounted R3', 'accounted R3'],
    findings: [],
  })
})

test('an entry that was lost is missing', () => {
  expect(outcomeOf({ trail, attempts: [attempt()], now: START + 5 * DAY })).toMatchObject({
    attempts: ['missing'],
    findings: ['missing high'],
  })
})

test('a request that was refused within an attempt that succeeded is no success', () => {
  const replies = [
    { operation: 'DescribeKey', status: 'ok', at: NOON + 10 },
    { operation: 'Decrypt', status: 'AccessDeniedException', at: NOON + 20 },
  ]
  const examined = attempt({ operation: 'examine', keks: [], replies })
  const events = [event({ operation: 'DescribeKey', operationClass: 'read' }), event({ outcome: 'denied' })]
  expect(outcomeOf({ trail, attempts: [examined], events })).toMatchObject({
    events: ['accounted R3', 'accounted R3'],
    findings: [],
  })
})

test('however many events there are too many, their bucket is one finding', () => {
  const one = event()
  const surplus = new Map(
    Array.from({ length: 200_000 }, (_, n) => [{ ...one, time: NOON + n }, 'Decrypt key-1 success']),
  )
  const events = new Map([...surplus.keys()].map((each) => [each, { state: 'unaccounted' as const }]))
  const { findings } = bucketFindings({ events, attempts: new Map(), links: new Map(), surplus, principals: new Set() })
  expect(findings).toMatchObject([{ kind: 'surplus', occurredAt: NOON, detail: { surplus: 200_000, missing: 0 } }])
})
