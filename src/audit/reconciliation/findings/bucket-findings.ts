import type { Finding } from '../finding.js'
import type { Reconciliation } from '../reconcile.js'
import type { LedgerAttempt, TrailEvent } from '../records.js'
import { bucketOf } from '../rules/r3-count.js'

/**
 * One finding for each bucket with more events than requests. Requests without an event in the same bucket may be the same
 * calls, matched wrongly: that is one ambiguous finding and not two.
 */
export function bucketFindings(result: Reconciliation): { findings: Finding[]; counted: ReadonlySet<LedgerAttempt> } {
  const buckets = new Map<string, TrailEvent[]>()
  for (const [event, bucket] of result.surplus) {
    if (event.isNeighbour || result.events.get(event)?.state !== 'unaccounted') continue
    const events = buckets.get(bucket)
    if (events) events.push(event)
    else buckets.set(bucket, [event])
  }
  const counted = new Set<LedgerAttempt>()
  const findings = [...buckets].map(([bucket, events]) => {
    const missing = [...result.attempts].filter(
      ([attempt, { state }]) => state === 'missing' && !attempt.isNeighbour && bucketsOf(attempt).includes(bucket),
    )
    for (const [attempt] of missing) counted.add(attempt)
    return findingOf(bucket, events, missing.length)
  })
  return { findings, counted }
}

/** `events` are in the order of their times, and there may be any number of them. */
function findingOf(bucket: string, events: readonly TrailEvent[], missing: number): Finding {
  const { kekId, operation, time } = events[0]!
  const [from, to] = [time, events.at(-1)!.time].map((each) => new Date(each).toISOString())
  return {
    kind: missing === 0 ? 'surplus' : 'ambiguous',
    severity: events.length > missing ? 'high' : 'medium',
    subject: `${bucket} ${from!.slice(0, 10)}: ${events.length} more, ${missing} fewer`,
    occurredAt: time,
    ...(kekId !== undefined && { kekId }),
    detail: { operation, surplus: events.length, missing, from: from!, to: to! },
  }
}

function bucketsOf({ replies, keks, outcome }: LedgerAttempt): string[] {
  return replies.flatMap(({ operation }, index) => {
    return keks.map((kek) => bucketOf(operation, kek, outcome === 'succeeded' || index < replies.length - 1))
  })
}
