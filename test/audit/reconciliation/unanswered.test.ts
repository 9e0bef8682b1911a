import { expect, test } from '@jest/globals'
import { attempt, event, HOUR, MINUTE, NOON, outcomeOf, unanswered } from './records.js'

test('case 33: a retried call is three events, three attempts and one call', () => {
  const throttled = { outcome: 'failed', errorCode: 'ERR_KMS_UNAVAILABLE' } as const
  const attempts = [0, 100, 300].map((after, index) => {
    return attempt({ startedAt: NOON + after, reply: { requestId: `r${index}` }, ...(index < 2 && throttled) })
  })
  const events = attempts.map((_, index) => {
    return event({ requestId: `r${index}`, outcome: index < 2 ? 'throttled' : 'success', time: NOON + index })
  })
  expect(outcomeOf({ attempts, events })).toMatchObject({
    events: ['accounted R1', 'accounted R1', 'accounted R1'],
    attempts: ['matched', 'matched', 'matched'],
    findings: [],
  })
})

test('case 34: a timeout accounts for its event where the request arrived, and is no alarm where it did not', () => {
  const arrived = unanswered()
  const late = unanswered({ startedAt: NOON + HOUR })
  const found = event({ requestId: 'unheard of', time: NOON + 10_000 })
  expect(outcomeOf({ attempts: [arrived, late], events: [found] })).toMatchObject({
    events: ['accounted R4'],
    attempts: ['matched', 'not_delivered'],
    findings: [],
  })
  const soon = { attempts: [late], now: NOON + HOUR + MINUTE }
  expect(outcomeOf(soon).attempts).toEqual(['open'])
  expect(outcomeOf({ ...soon, now: NOON + 2 * HOUR }).attempts).toEqual(['unconfirmed'])
})

test('case 35: a crash between the stored attempt and its request leaves an attempt that is no alarm', () => {
  const { endedAt, outcome, ...crashed } = attempt({ replies: [] })
  expect(outcomeOf({ attempts: [crashed] })).toMatchObject({ attempts: ['not_delivered'], findings: [] })
})

test('a crash after the request accounts for its event', () => {
  const { endedAt, outcome, ...crashed } = attempt({ replies: [] })
  expect(outcomeOf({ attempts: [crashed], events: [event({ requestId: 'r', time: NOON + 20_000 })] }).events).toEqual([
    'accounted R4',
  ])
})

test('the second request of an attempt may be the one without an answer', () => {
  const wrap = unanswered({
    operation: 'wrap',
    replies: [{ operation: 'Encrypt', status: 'ok', requestId: 'r1', at: NOON + 100 }],
  })
  const events = [
    event({ operation: 'Encrypt', requestId: 'r1' }),
    event({ operation: 'Decrypt', requestId: 'r2', time: NOON + 200 }),
    event({ operation: 'Decrypt', requestId: 'r3', time: NOON + 300 }),
  ]
  expect(outcomeOf({ attempts: [wrap], events }).events).toEqual(['accounted R1', 'accounted R4', 'unaccounted R5'])
})

test.each([
  ['at another time', { time: NOON + MINUTE }],
  ['of another operation', { operation: 'Encrypt' }],
  ['with another key', { kekId: 'key-2' }],
  ['by somebody else', { principal: 'somebody-else' }],
])('an event %s is not that of an unanswered attempt', (_, other) => {
  const signed = attempt({ startedAt: NOON - HOUR, reply: { requestId: 'r0' } })
  const events = [event({ requestId: 'r0', time: NOON - HOUR }), event({ requestId: 'r1', ...other })]
  const keks = new Set(['key-1', 'key-2'])
  expect(outcomeOf({ attempts: [signed, unanswered()], events, keks }).events).toEqual([
    'accounted R1',
    'unaccounted R5',
  ])
})

test('an unanswered attempt that names no key leaves the event of a key to the one that names it', () => {
  const attempts = [unanswered({ keks: [], startedAt: NOON - 1 }), unanswered()]
  const events = [
    event({ requestId: 'r1', time: NOON + 1 }),
    event({ requestId: 'r2', time: NOON + 2, kekId: 'key-2' }),
  ]
  const keks = new Set(['key-1', 'key-2'])
  expect(outcomeOf({ attempts, events, keks }).events).toEqual(['accounted R4', 'accounted R4'])
})

test('an error by which the KMS answered leaves nothing on its way', () => {
  const denied = attempt({
    operation: 'wrap',
    outcome: 'failed',
    errorCode: 'ERR_KMS_ACCESS_DENIED',
    replies: [{ operation: 'Encrypt', status: 'ok', requestId: 'r1', at: NOON + 40 }],
  })
  const events = [event({ operation: 'Encrypt', requestId: 'r1', outcome: 'denied' }), event({ requestId: 'r2' })]
  expect(outcomeOf({ attempts: [denied], events }).events).toEqual(['accounted R1', 'unaccounted R5'])
})
