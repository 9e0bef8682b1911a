import { CloudTrail } from '@aws-sdk/client-cloudtrail'
import type pg from 'pg'
import { awsTrail } from '../../providers/aws/audit-trail.js'
import { LookupReader } from '../../providers/aws/trail/lookup-reader.js'
import { mirrorOnce } from '../../src/audit/mirror/mirror.js'
import { type Clock, systemClock } from '../../src/index.js'
import { type AwsCredentials, OPERATOR } from '../providers/aws-under-test.js'

export const HOUR = 3_600_000

/** The clock of a machine at which it is later, and for which pauses between requests pass at once: an emulator needs none. */
const later = (ms: number): Clock => ({
  now: () => systemClock.now() + ms,
  after: (_, run) => systemClock.after(0, run),
})

export interface LookupPass {
  readonly credentials?: AwsCredentials
  readonly afterMs?: number
}

/** One pass over the event history of an emulator, by a reader that knows no more than what is stored. */
export async function mirrorLookups(
  endpoint: string,
  pool: pg.Pool,
  { credentials = OPERATOR, afterMs = 0 }: LookupPass = {},
) {
  const client = new CloudTrail({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 })
  const clock = later(afterMs)
  const reader = new LookupReader({ client, account: '000000000000', region: 'us-east-1', backMs: HOUR, clock })
  const trails = [{ reader, normalize: awsTrail.normalize }]
  const [pass] = await mirrorOnce(pool, trails, { signal: new AbortController().signal, clock })
  return pass!.result
}
