import type { LedgerAttempt, TrailEvent } from '../../../src/audit/reconciliation/records.js'
import { APPLICATION, attempt, DAY, event, START } from './records.js'

/** What a trail tells, how busy the day is, and who else calls. */
export interface Workload {
  readonly seed: number
  readonly calls: number
  readonly requestIds: boolean
  readonly tokens: boolean
  /** The share of events that the trail loses. */
  readonly lost: number
  /** Times of events in whole seconds. */
  readonly wholeSeconds: boolean
  readonly outside: number
  /** The share of outside calls that are made with the application's identity. */
  readonly ownIdentity: number
}

export interface SimulatedDay {
  readonly events: readonly TrailEvent[]
  readonly attempts: readonly LedgerAttempt[]
  readonly outside: ReadonlySet<TrailEvent>
  /** The attempt that an event is really of. */
  readonly truth: ReadonlyMap<TrailEvent, LedgerAttempt>
  /** Answered attempts whose event the trail lost. */
  readonly lost: ReadonlySet<LedgerAttempt>
}

/** As mulberry32: numbers from 0 to 1, the same for each seed. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export const KEYS = Array.from({ length: 20 }, (_, index) => `key-${index}`)

/**
 * A day of calls: one in fifty is throttled and tried again, six in a thousand get no answer (of which most arrived), three in
 * a thousand are never sent.
 */
export function simulatedDay(workload: Workload): SimulatedDay {
  const random = generator(workload.seed)
  const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const events: TrailEvent[] = []
  const attempts: LedgerAttempt[] = []
  const truth = new Map<TrailEvent, LedgerAttempt>()
  const lost = new Set<LedgerAttempt>()

  const call = (number: number) => {
    const key = oneOf(KEYS)
    const operation = oneOf(['Decrypt', 'Decrypt', 'Decrypt', 'Encrypt'])
    const tries = random() < 0.02 ? 2 : 1
    let at = START + random() * (DAY - 120_000)
    for (let each = 1; each <= tries; each++) {
      const latency = 5 + random() * 60
      const fate = each === tries ? random() : 1
      const isSilent = fate < 0.006
      const isUnsent = fate >= 0.006 && fate < 0.009
      const throttled = each < tries
      const requestId = `request-${number}-${each}`
      const made = attempt({
        id: `call-${number}-${each}`,
        operation: operation === 'Decrypt' ? 'unwrap' : 'wrap',
        keks: [key],
        startedAt: at,
        endedAt: isSilent ? at + 30_000 : at + latency,
        outcome: isSilent || isUnsent || throttled ? 'failed' : 'succeeded',
        ...(isUnsent && { errorCode: 'ERR_KEK_NOT_ACCEPTED' }),
        ...((isSilent || throttled) && { errorCode: 'ERR_KMS_UNAVAILABLE' }),
        replies:
          isSilent || isUnsent
            ? []
            : [
                {
                  ...{ operation, status: throttled ? 'ThrottlingException' : 'ok', principal: APPLICATION },
                  ...{ at: at + latency, ...(workload.requestIds && { requestId }) },
                },
              ],
      })
      attempts.push(made)
      if (!isUnsent && (!isSilent || random() < 0.6)) {
        const exact = at + latency / 2
        const logged = event({
          time: workload.wholeSeconds ? Math.floor(exact / 1_000) * 1_000 : exact,
          operation,
          operationClass: operation === 'Decrypt' ? 'decrypt' : 'encrypt',
          outcome: throttled ? 'throttled' : 'success',
          kekId: key,
          ...(workload.requestIds && { requestId }),
          ...(workload.tokens && { callToken: made.id }),
        })
        if (random() >= workload.lost) {
          truth.set(logged, made)
          events.push(logged)
        } else if (!isSilent) lost.add(made)
      }
      at += latency + 50
    }
  }
  for (let number = 0; number < workload.calls; number++) call(number)
  const outside = Array.from({ length: workload.outside }, (_, index) =>
    event({
      time: START + random() * (DAY - 120_000),
      kekId: oneOf(KEYS),
      principal: random() < workload.ownIdentity ? APPLICATION : 'somebody-else',
      ...(workload.requestIds && { requestId: `outside-${index}` }),
    }),
  )
  return { events: [...events, ...outside], attempts, outside: new Set(outside), truth, lost }
}
