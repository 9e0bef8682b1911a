import { expect, test } from '@jest/globals'
import { attempt, event, KEY, MINUTE, NOON, outcomeOf } from './records.js'

const known = () => attempt({ reply: { requestId: 'r' } })

test.each([
  ['key', { kekId: 'key-2' }],
  ['operation', { operation: 'Encrypt' }],
  ['principal', { principal: 'somebody-else' }],
])('case 38: a request id with another %s is a conflict', (what, other) => {
  const forged = event({ requestId: 'r', time: NOON - 1, ...other })
  expect(outcomeOf({ attempts: [known()], events: [forged, event({ requestId: 'r' })] })).toMatchObject({
    events: [`conflict R1 another-${what}`, 'accounted R1'],
    attempts: ['matched'],
    findings: [expect.stringMatching(/^conflict /)],
  })
})

test('an attempt whose id stands in another event is not called missing', () => {
  expect(outcomeOf({ attempts: [known()], events: [event({ requestId: 'r', kekId: 'key-2' })] })).toMatchObject({
    events: ['conflict R1 another-key'],
    attempts: ['unverifiable'],
  })
})

test('a request that used another key than the KEK of its attempt is compared by that one', () => {
  const signed = attempt({ reply: { requestId: 'r', key: 'signing-key' } })
  const using = (kekId: string) => outcomeOf({ attempts: [signed], events: [event({ requestId: 'r', kekId })] }).events
  expect(using('signing-key')).toEqual(['accounted R1'])
  expect(using(KEY)).toEqual(['conflict R1 another-key'])
})

test('a second event with one request id is a replay', () => {
  const events = [event({ requestId: 'r' }), event({ requestId: 'r', time: NOON + 1 })]
  expect(outcomeOf({ attempts: [known()], events })).toMatchObject({
    events: ['accounted R1', 'conflict R1 replay'],
    findings: ['replay high'],
  })
})

test('the access key that signed is compared before the ARN of whose it is', () => {
  const signed = attempt({ reply: { requestId: 'r', principal: 'AKIA-ONE' } })
  const by = (credentialId: string) => {
    return outcomeOf({ attempts: [signed], events: [event({ requestId: 'r', principal: 'arn:role', credentialId })] })
      .events
  }
  expect(by('AKIA-ONE')).toEqual(['accounted R1'])
  expect(by('AKIA-TWO')).toEqual(['conflict R1 another-principal'])
})

test('one request of a batch accounts for its event and serves each attempt', () => {
  const batch = [known(), known(), known()]
  expect(outcomeOf({ attempts: batch, events: [event({ requestId: 'r' })] })).toMatchObject({
    events: ['accounted R1'],
    attempts: ['matched', 'matched', 'matched'],
  })
})

test('each request of an attempt has an event of its own', () => {
  const wrap = attempt({
    operation: 'wrap',
    replies: [
      { operation: 'Encrypt', status: 'ok', requestId: 'r1', at: NOON + 40 },
      { operation: 'Decrypt', status: 'ok', requestId: 'r2', at: NOON + 80 },
    ],
  })
  const events = [event({ operation: 'Encrypt', requestId: 'r1' }), event({ requestId: 'r2' })]
  expect(outcomeOf({ attempts: [wrap], events }).attempts).toEqual(['matched'])
  expect(outcomeOf({ attempts: [wrap], events: events.slice(1) }).attempts).toEqual(['missing'])
})

test('a refusal whose reply had no id is found by what it was, and answers for one event', () => {
  const refused = attempt({ outcome: 'failed', errorCode: 'ERR_KMS_ACCESS_DENIED' })
  const events = [event({ requestId: 'v1', outcome: 'denied' }), event({ requestId: 'v2', outcome: 'denied' })]
  const { events: states, attempts } = outcomeOf({ attempts: [refused], events })
  expect([...states].sort()).toEqual(['accounted R3', 'unaccounted R5'])
  expect(attempts).toEqual(['matched'])
})

test('what the trail leaves out is not missed', () => {
  const looked = attempt({
    replies: [
      { operation: 'Ping', status: 'ok', requestId: 'p', at: NOON },
      { operation: 'Decrypt', status: 'ok', requestId: 'r', at: NOON },
    ],
  })
  expect(outcomeOf({ attempts: [looked], events: [event({ requestId: 'r' })] }).attempts).toEqual(['matched'])
})

test.each([
  ['behind', 10 * MINUTE],
  ['ahead', -10 * MINUTE],
])('case 44: a clock that is ten minutes %s changes no result, and is a finding', (_, off) => {
  // The database's clock is right: the attempt was inserted when the event was logged.
  const wrong = attempt({ reply: { requestId: 'r' }, insertedAt: NOON + off })
  expect(outcomeOf({ attempts: [wrong], events: [event({ requestId: 'r', time: NOON + off })] })).toMatchObject({
    events: ['accounted R1'],
    attempts: ['matched'],
    findings: ['clock-skew medium'],
  })
})

test('a clock that is a minute wrong is no finding', () => {
  const events = [event({ requestId: 'r', time: NOON + MINUTE })]
  expect(outcomeOf({ attempts: [known()], events }).findings).toEqual([])
})
