import { Coverage } from '../../../src/audit/reconciliation/coverage.js'
import type { Finding, FindingKind } from '../../../src/audit/reconciliation/finding.js'
import { findingsOf } from '../../../src/audit/reconciliation/findings/findings-of.js'
import { type Reconciliation, reconcile } from '../../../src/audit/reconciliation/reconcile.js'
import type {
  LedgerAttempt,
  LedgerReply,
  ReconciliationInput,
  TrailEvent,
  TrailFacts,
} from '../../../src/audit/reconciliation/records.js'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
/** The begin of the day that tests look at. */
export const START = Date.UTC(2026, 10, 26)
/** Noon of it. */
export const NOON = START + 12 * HOUR
/** When everything about the day can be known. */
export const LATER = START + 4 * DAY

export const KEY = 'key-1'
export const APPLICATION = 'identity-of-the-application'

const operations = {
  requests: {
    currentKek: [],
    generateDataKey: ['GenerateDataKey'],
    wrap: ['Encrypt', 'Decrypt'],
    unwrap: ['Decrypt'],
    rewrap: ['ReEncrypt'],
    sign: ['Sign'],
    examine: ['DescribeKey'],
    authenticate: [],
  },
  isLedgerOnly: false,
  delays: { suspectAfterMs: 15 * MINUTE, missingAfterMs: DAY, absence: 'not seen' },
} satisfies Omit<TrailFacts, 'identifies'>

/** Trails by what they identify requests with. */
export const BY_REQUEST_ID: TrailFacts = { ...operations, identifies: ['request-id', 'token'] }
export const BY_TOKEN: TrailFacts = { ...operations, identifies: ['token'] }
export const BY_COUNT: TrailFacts = { ...operations, identifies: [] }

export const COVERED = new Coverage([{ from: START - DAY, to: START + 2 * DAY, scannedAt: LATER, complete: true }])

let made = 0

/** A successful Decrypt at noon that nothing identifies. */
export function event(given: Partial<TrailEvent> = {}): TrailEvent {
  const id = `event-${++made}`
  const time = given.time ?? NOON
  return {
    id,
    uid: `uid of ${id}`,
    scope: 'scope',
    time,
    arrivedAt: time + 5 * MINUTE,
    mirroredAt: time + 5 * MINUTE,
    kind: 'call',
    operation: 'Decrypt',
    operationClass: 'decrypt',
    outcome: 'success',
    principal: APPLICATION,
    kekId: KEY,
    isNeighbour: false,
    ...given,
  }
}

/** A successful unwrap at noon with one reply. */
export function attempt(given: Partial<LedgerAttempt> & { reply?: Partial<LedgerReply> } = {}): LedgerAttempt {
  const { reply, ...rest } = given
  const startedAt = given.startedAt ?? NOON
  const status = given.outcome === 'failed' ? 'refused' : 'ok'
  return {
    id: `attempt-${++made}`,
    writer: 'writer',
    operation: 'unwrap',
    insertedAt: startedAt,
    isJournalled: false,
    startedAt,
    endedAt: startedAt + 50,
    outcome: 'succeeded',
    keks: [KEY],
    replies: [{ operation: 'Decrypt', status, principal: APPLICATION, at: startedAt + 40, ...reply }],
    isNeighbour: false,
    ...rest,
  }
}

/** Sent, and never answered. */
export function unanswered(given: Partial<LedgerAttempt> = {}): LedgerAttempt {
  const startedAt = given.startedAt ?? NOON
  const timeout = { endedAt: startedAt + 30_000, outcome: 'failed', errorCode: 'ERR_KMS_UNAVAILABLE' } as const
  return attempt({ ...timeout, replies: [], ...given })
}

export function input(given: Partial<ReconciliationInput>): ReconciliationInput {
  return {
    now: LATER,
    trail: BY_REQUEST_ID,
    events: [],
    attempts: [],
    coverage: COVERED,
    flushedTo: Number.POSITIVE_INFINITY,
    principals: new Set(),
    keks: new Set([KEY]),
    copiesElsewhere: new Map(),
    ...given,
  }
}

export function findingsByKind(result: Reconciliation, kind: FindingKind): Finding[] {
  return findingsOf(result, new Set(), 'not seen').filter((finding) => finding.kind === kind)
}

export interface Outcome {
  readonly result: Reconciliation
  /** In the order of the input. */
  readonly events: readonly string[]
  readonly attempts: readonly string[]
  readonly findings: readonly string[]
}

/** States as `unaccounted R5 reason`, findings as `kind severity`. */
export function outcomeOf(given: Partial<ReconciliationInput>): Outcome {
  const all = input(given)
  const result = reconcile(all)
  return {
    result,
    events: all.events.map((each) => {
      const { state, rule, reason } = result.events.get(each)!
      return [state, rule, reason].filter(Boolean).join(' ')
    }),
    attempts: all.attempts.map((each) => result.attempts.get(each)!.state),
    findings: findingsOf(result, new Set(), all.trail.delays.absence).map(
      ({ kind, severity }) => `${kind} ${severity}`,
    ),
  }
}
