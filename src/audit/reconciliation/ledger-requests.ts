import type { LedgerAttempt, TrailFacts } from './records.js'

/** One request at a KMS: what an event can be evidence of. */
export interface LedgerRequest {
  readonly id?: string
  /** As the trail names it. */
  readonly operation: string
  /** Several where one request served several attempts: a batch. */
  readonly attempts: readonly LedgerAttempt[]
  readonly keks: readonly string[]
  readonly principal?: string
  /** Whether it was answered. If not, nobody knows whether it was sent. */
  readonly answered: boolean
  readonly succeeded: boolean
  /** When it was on its way, by the clock of the writer. */
  readonly from: number
  readonly to: number
}

/** More attempts of a batch may be found. */
type GrowingRequest = LedgerRequest & { readonly attempts: LedgerAttempt[]; readonly keks: string[] }

/** How long an attempt without an end may have been on its way. */
const UNENDED_MS = 60_000

/** Of an error by which the KMS, or we ourselves, answered: nothing was on its way any more. */
const ANSWERED =
  /^ERR_(KMS_ACCESS_DENIED|KEK_NOT_ACCEPTED|KEK_UNAVAILABLE|DECRYPTION_FAILED|CONFIGURATION|INVALID_ENVELOPE)$/

/** The requests that were answered, and those that may have been sent and were not. */
export function requestsOf(attempts: readonly LedgerAttempt[], trail: TrailFacts): LedgerRequest[] {
  const shared = new Map<string, GrowingRequest>()
  const requests: LedgerRequest[] = []
  for (const attempt of attempts) {
    for (const request of [...answered(attempt), ...unanswered(attempt, trail)]) {
      const same = request.id === undefined ? undefined : shared.get(request.id)
      if (same) {
        same.attempts.push(attempt)
        same.keks.push(...attempt.keks.filter((kek) => !same.keks.includes(kek)))
        continue
      }
      requests.push(request)
      if (request.id !== undefined) shared.set(request.id, request)
    }
  }
  return requests
}

function answered(attempt: LedgerAttempt): GrowingRequest[] {
  return attempt.replies.map((reply, index) => ({
    ...(reply.requestId !== undefined && { id: reply.requestId }),
    ...(reply.principal !== undefined && { principal: reply.principal }),
    operation: reply.operation,
    attempts: [attempt],
    keks: reply.key === undefined ? [...attempt.keks] : [reply.key],
    answered: true,
    succeeded: reply.status === 'ok',
    from: attempt.replies[index - 1]?.at ?? attempt.startedAt,
    to: reply.at,
  }))
}

function unanswered(attempt: LedgerAttempt, trail: TrailFacts): GrowingRequest[] {
  if (!mayBeUnanswered(attempt)) return []
  const heard = attempt.replies.map(({ operation }) => operation)
  return trail.requests[attempt.operation].flatMap((operation) => {
    const index = heard.indexOf(operation)
    if (index !== -1) {
      heard.splice(index, 1)
      return []
    }
    return {
      operation,
      attempts: [attempt],
      keks: [...attempt.keks],
      answered: false,
      succeeded: false,
      from: attempt.replies.at(-1)?.at ?? attempt.startedAt,
      to: attempt.endedAt ?? attempt.startedAt + UNENDED_MS,
    }
  })
}

function mayBeUnanswered({ outcome, errorCode, replies }: LedgerAttempt): boolean {
  if (outcome === undefined) return true
  if (outcome === 'succeeded') return false
  return replies.length === 0 ? errorCode !== 'ERR_KEK_NOT_ACCEPTED' : !ANSWERED.test(errorCode ?? '')
}
