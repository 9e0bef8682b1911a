import { describe, expect, test } from '@jest/globals'
import { Coverage } from '../../../src/audit/reconciliation/coverage.js'
import { attempt, BY_REQUEST_ID, DAY, event, HOUR, LATER, MINUTE, NOON, outcomeOf, START } from './records.js'

const attempts = [attempt({ reply: { requestId: 'r' } })]
const window = { from: START, to: START + DAY, scannedAt: LATER, complete: true }
const stateWith = (coverage: Coverage, now = LATER) => outcomeOf({ attempts, coverage, now }).attempts[0]

describe('an attempt without an event', () => {
  test('is missing a day later, where a complete trail was gone through after that', () => {
    expect(outcomeOf({ attempts, coverage: new Coverage([window]) })).toMatchObject({
      attempts: ['missing'],
      findings: ['missing high'],
    })
  })

  test('is suspected before', () => {
    const early = new Coverage([{ ...window, scannedAt: NOON + HOUR }])
    expect(stateWith(early, NOON + MINUTE)).toBe('open')
    expect(stateWith(early, NOON + 2 * HOUR)).toBe('missing_suspected')
  })

  test.each([
    ['nothing was read', []],
    ['what was read was incomplete', [{ ...window, complete: false }]],
    ['it was read too early', [{ ...window, scannedAt: NOON + DAY }]],
    ['another time was read', [{ ...window, to: NOON }]],
    [
      'there is a gap',
      [
        { ...window, to: NOON + 20 },
        { ...window, from: NOON + 21 },
      ],
    ],
  ])('cannot be verified where %s', (_, windows) => {
    expect(stateWith(new Coverage(windows))).toBe('unverifiable')
  })

  test('several windows side by side cover it', () => {
    const windows = [
      { ...window, to: NOON + 20 },
      { ...window, from: NOON + 20 },
      { ...window, scannedAt: START },
    ]
    expect(stateWith(new Coverage(windows))).toBe('missing')
  })
})

test('case 43: while logging was off an attempt is unverifiable, not missing, and the change is critical', () => {
  const off = event({ kind: 'logging', operation: 'StopLogging', operationClass: 'logging', time: NOON - HOUR })
  const coverage = new Coverage([window], [{ from: off.time, to: NOON + HOUR }])
  expect(outcomeOf({ attempts, events: [off], coverage })).toMatchObject({
    events: ['unaccounted R5'],
    attempts: ['unverifiable'],
    findings: ['logging-changed critical'],
  })
  const earlier = [attempt({ startedAt: NOON - 2 * HOUR, reply: { requestId: 'r' } })]
  expect(outcomeOf({ attempts: earlier, coverage }).attempts).toEqual(['missing'])
})

test('case 42: a late arrival turns missing into resolved late, and stays so', () => {
  const events = [event({ requestId: 'r', arrivedAt: LATER })]
  const previously = (previous: 'missing' | 'resolved_late' | 'missing_suspected') => {
    return outcomeOf({ attempts: [{ ...attempts[0]!, previous }], events }).attempts
  }
  expect(previously('missing')).toEqual(['resolved_late'])
  expect(previously('resolved_late')).toEqual(['resolved_late'])
  expect(previously('missing_suspected')).toEqual(['matched'])
})

test('case 49: where the ledger is all there is, nothing is missing', () => {
  const trail = { ...BY_REQUEST_ID, isLedgerOnly: true }
  expect(outcomeOf({ trail, attempts })).toMatchObject({ attempts: ['not_expected'], findings: [] })
})

test('an attempt that sent nothing expects nothing', () => {
  const cached = attempt({ operation: 'currentKek', replies: [] })
  const refused = attempt({ outcome: 'failed', errorCode: 'ERR_KEK_NOT_ACCEPTED', replies: [] })
  expect(outcomeOf({ attempts: [cached, refused] }).attempts).toEqual(['not_expected', 'not_expected'])
})
