import type { PostureCheck } from '../../../src/audit/trail/trail-reader.js'
import { isWaxsealError } from '../../../src/errors.js'
import { accountOf } from './account-of-record.js'
import { type EventRate, MOST_PER_SECOND } from './event-rate.js'
import { KMS } from './kms-exclusion.js'
import { type LookupPage, type LookupPages, PAGE } from './lookup-pages.js'
import { LONGEST_BACK_MS } from './sweeps.js'

/** Asks for one page of the newest events: whether it may, of which account they are, and how dense they are. */
export async function probeLookup(
  pages: LookupPages,
  account: string,
  rate: EventRate,
  now: Date,
  signal: AbortSignal,
): Promise<readonly PostureCheck[]> {
  const query = { source: KMS, from: new Date(now.getTime() - LONGEST_BACK_MS), to: now }
  const page = await pages.page(query, undefined, signal).catch((error: unknown) => error)
  signal.throwIfAborted()
  if (page instanceof Error) return [refused(page)]
  const found = page as LookupPage
  return [
    { id: 'lookup-events-allowed', state: 'ok', evidence: `LookupEvents answered with ${found.events.length} events` },
    accountCheck(found, account),
    rateCheck(found, rate, now),
  ]
}

function refused(error: Error): PostureCheck {
  const isDenied = isWaxsealError(error) && error.code === 'ERR_AUDIT_TRAIL_GAP'
  const remedy = 'allow cloudtrail:LookupEvents: "waxseal policy aws --role auditor" prints it'
  return { id: 'lookup-events-allowed', state: isDenied ? 'failed' : 'unknown', evidence: error.message, remedy }
}

function accountCheck({ events }: LookupPage, account: string): PostureCheck {
  const accounts = new Set(events.flatMap(({ CloudTrailEvent }) => accountOf(CloudTrailEvent ?? '') ?? []))
  const id = 'account'
  if (accounts.size === 0)
    return { id, state: 'unknown', evidence: 'there is no event yet that would tell the account' }
  if (accounts.size === 1 && accounts.has(account)) return { id, state: 'ok', evidence: `events of ${account}` }
  const evidence = `events of ${[...accounts].join(', ')}, expected ${account}`
  return { id, state: 'failed', evidence, remedy: 'mend "account", or use credentials of that account' }
}

/** What was read says how many there are; before that, the newest page does, which a burst can fill in a second. */
function rateCheck({ events }: LookupPage, { perSecond }: EventRate, now: Date): PostureCheck {
  const [id, remedy] = ['reader-overloaded', 'mirror the trail in S3: reader "cloudtrail-s3"']
  const most = `LookupEvents can be read for ${MOST_PER_SECOND.toFixed(1)} events of the KMS a second`
  if (perSecond !== undefined) {
    const evidence = `${perSecond.toFixed(1)} a second were found; ${most}`
    return perSecond > MOST_PER_SECOND ? { id, state: 'failed', evidence, remedy } : { id, state: 'ok', evidence }
  }
  const oldest = Math.min(now.getTime(), ...events.flatMap(({ EventTime }) => EventTime?.getTime() ?? []))
  const seconds = (now.getTime() - oldest) / 1_000
  const evidence = `the newest ${events.length} are of the last ${seconds.toFixed(0)} s; ${most}`
  const isDense = events.length === PAGE && PAGE > MOST_PER_SECOND * seconds
  return isDense ? { id, state: 'unknown', evidence, remedy } : { id, state: 'ok', evidence }
}
