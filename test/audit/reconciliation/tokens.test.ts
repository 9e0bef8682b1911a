import { expect, test } from '@jest/globals'
import { attempt, BY_REQUEST_ID, BY_TOKEN, event, HOUR, NOON, outcomeOf } from './records.js'

const trail = BY_TOKEN

test('a token accounts for the event of its attempt', () => {
  const ours = attempt()
  expect(outcomeOf({ trail, attempts: [ours], events: [event({ callToken: ours.id })] })).toMatchObject({
    events: ['accounted R2'],
    attempts: ['matched'],
  })
})

test.each([
  ['no id', BY_TOKEN, undefined],
  ['an id', BY_REQUEST_ID, 'r'],
])(
  'case 36: a token that is replayed from outside accounts for nothing, where requests have %s',
  (_, trail, requestId) => {
    const ours = attempt({ reply: requestId === undefined ? {} : { requestId } })
    const genuine = event({ callToken: ours.id, ...(requestId !== undefined && { requestId }) })
    const replayed = event({
      callToken: ours.id,
      time: NOON + 1,
      ...(requestId !== undefined && { requestId: 'other' }),
    })
    expect(outcomeOf({ trail, attempts: [ours], events: [genuine, replayed] })).toMatchObject({
      events: [expect.stringContaining('accounted'), 'unaccounted R2 token-replay'],
      findings: ['replay high'],
    })
    // Also where the genuine event is not there yet, but the id that it will have is known.
    if (requestId !== undefined) {
      expect(outcomeOf({ trail, attempts: [ours], events: [replayed] }).events).toEqual(['unaccounted R2 token-replay'])
    }
  },
)

test.each([
  ['another key', { kekId: 'key-2' }],
  ['another principal', { principal: 'somebody-else' }],
  ['another operation', { operation: 'Encrypt' }],
  ['another time', { time: NOON + HOUR }],
])('case 37: a forged user agent with a right token and %s accounts for nothing', (_, other) => {
  const ours = attempt()
  const forged = event({ callToken: ours.id, ...other })
  const keks = new Set(['key-1', 'key-2'])
  expect(outcomeOf({ trail, attempts: [ours], events: [forged], keks }).events).toEqual(['unaccounted R2 token-forged'])
})

test('where tokens are logged, an event without one is not counted as ours', () => {
  const [one, other] = [attempt(), attempt()]
  const events = [event({ callToken: one.id }), event()]
  expect(outcomeOf({ trail, attempts: [one, other], events }).events).toEqual(['accounted R2', 'unaccounted R5'])
})

test('an event that lost its id is known by its token, and one that has neither is counted', () => {
  const attempts = [attempt({ reply: { requestId: 'r1' } }), attempt({ reply: { requestId: 'r2' } })]
  const events = [event({ callToken: attempts[0]!.id }), event(), event({ requestId: 'x' })]
  expect(outcomeOf({ trail: BY_REQUEST_ID, attempts, events })).toMatchObject({
    events: ['accounted R2', 'accounted R3', 'unaccounted R5'],
    attempts: ['matched', 'matched'],
    findings: ['unaccounted high'],
  })
})
