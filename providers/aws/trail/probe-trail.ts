import type { PostureCheck } from '../../../src/audit/trail/trail-reader.js'
import { isWaxsealError } from '../../../src/errors.js'
import type { JsonObject } from '../../../src/kms/untrusted-json.js'
import type { AwsCallOptions, AwsReply } from '../client.js'
import { awsFailureOf } from '../errors.js'
import type { TrailProblem } from './chain-position.js'
import { kmsExclusion } from './kms-exclusion.js'
import type { LogBucket } from './log-bucket.js'
import { digestFolder, type TrailPlace } from './object-names.js'

export interface CloudTrailPosture {
  getTrail(
    request: { Name: string },
    options?: AwsCallOptions,
  ): Promise<
    AwsReply & {
      readonly Trail?:
        | {
            readonly S3BucketName?: string | undefined
            readonly IsMultiRegionTrail?: boolean | undefined
            readonly LogFileValidationEnabled?: boolean | undefined
          }
        | undefined
    }
  >
  getTrailStatus(
    request: { Name: string },
    options?: AwsCallOptions,
  ): Promise<AwsReply & { readonly IsLogging?: boolean | undefined; readonly LatestDeliveryError?: string | undefined }>
  getEventSelectors(request: { TrailName: string }, options?: AwsCallOptions): Promise<AwsReply>
}

/** Whether the trail logs, everything of the KMS, to this bucket, with digests; and what its digests showed so far. */
export async function probeTrail(
  client: CloudTrailPosture,
  bucket: LogBucket,
  place: TrailPlace,
  problems: readonly TrailProblem[],
  signal: AbortSignal,
): Promise<readonly PostureCheck[]> {
  const { trail } = place
  const options = { abortSignal: signal }
  const found = await Promise.all([
    checked(['trail-is-logging', 'trail-delivers'], signal, async () => {
      const { IsLogging, LatestDeliveryError } = await client.getTrailStatus({ Name: trail }, options)
      return [
        judge('trail-is-logging', IsLogging === true, `IsLogging is ${IsLogging}`, 'aws cloudtrail start-logging'),
        judge(
          'trail-delivers',
          !LatestDeliveryError,
          LatestDeliveryError ?? 'no error',
          'mend the policy of the bucket or of its key',
        ),
      ]
    }),
    checked(['trail-bucket', 'multi-region', 'log-file-validation'], signal, async () => {
      const { Trail: { S3BucketName, IsMultiRegionTrail, LogFileValidationEnabled } = {} } = await client.getTrail(
        { Name: trail },
        options,
      )
      const update = `aws cloudtrail update-trail --name ${trail}`
      return [
        judge(
          'trail-bucket',
          S3BucketName === place.bucket,
          `it delivers to ${S3BucketName}`,
          'mend "bucket" or "trail"',
        ),
        judge(
          'multi-region',
          IsMultiRegionTrail === true,
          `IsMultiRegionTrail is ${IsMultiRegionTrail}`,
          `${update} --is-multi-region-trail`,
        ),
        judge(
          'log-file-validation',
          LogFileValidationEnabled === true,
          `LogFileValidationEnabled is ${LogFileValidationEnabled}`,
          `${update} --enable-log-file-validation`,
        ),
      ]
    }),
    checked(['kms-is-logged'], signal, async () => {
      const left = kmsExclusion(
        (await client.getEventSelectors({ TrailName: trail }, options)) as unknown as JsonObject,
      )
      const remedy = 'log all management events, the ones of the KMS too: aws cloudtrail put-event-selectors'
      return [judge('kms-is-logged', left === undefined, left ?? 'nothing of the KMS is left out', remedy)]
    }),
    checked(['bucket-is-readable'], signal, async () => {
      const listed = bucket.list(digestFolder(place, new Date(Date.now())), signal)
      await listed.next()
      return [judge('bucket-is-readable', true, `digests in ${bucket.name} can be listed`)]
    }),
  ])
  return [...found.flat(), chainCheck(problems)]
}

function chainCheck(problems: readonly TrailProblem[]): PostureCheck {
  if (problems.length === 0) return { id: 'digest-chain', state: 'ok', evidence: 'no digest showed anything wrong' }
  const evidence = problems.map(({ at, what, object }) => `${at} ${what}: ${object}`).join('; ')
  return {
    id: 'digest-chain',
    state: 'failed',
    evidence,
    remedy: 'find out who had access to the bucket, and restore the object',
  }
}

function judge(id: string, isOk: boolean, evidence: string, remedy?: string): PostureCheck {
  return isOk || remedy === undefined
    ? { id, state: isOk ? 'ok' : 'failed', evidence }
    : { id, state: 'failed', evidence, remedy }
}

/** What could not be asked is unknown; a bucket that refuses us and a trail that is gone have failed. */
async function checked(
  ids: readonly string[],
  signal: AbortSignal,
  ask: () => Promise<PostureCheck[]>,
): Promise<PostureCheck[]> {
  try {
    return await ask()
  } catch (error) {
    signal.throwIfAborted()
    const { name } = error as Partial<Error>
    const isGone = name === 'TrailNotFoundException' || (isWaxsealError(error) && error.code === 'ERR_AUDIT_TRAIL_GAP')
    const evidence = isWaxsealError(error)
      ? error.message
      : isGone
        ? 'there is no such trail'
        : `answered ${awsFailureOf(error).status}`
    const remedy = 'allow what "waxseal policy aws --role auditor" prints; mend "trail" and "bucket"'
    return ids.map((id) => ({ id, state: isGone ? 'failed' : 'unknown', evidence, remedy }))
  }
}
