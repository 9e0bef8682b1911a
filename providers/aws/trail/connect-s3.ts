import { ConfigurationError } from '../../../src/errors.js'
import { textOptions } from '../../../src/kms/text-options.js'
import { cloudTrailOf } from './connect-cloudtrail.js'
import { S3Reader } from './s3-reader.js'
import { accountOption, daysOption } from './trail-options.js'

const OPTIONS = [
  ...(['account', 'region', 'bucket', 'trail', 'prefix', 'organization'] as const),
  ...(['bucketRegion', 'backfillDays', 'endpoint'] as const),
] as const
const DEFAULT_DAYS = '30'
const MOST_DAYS = 3_650

/**
 * The reader `cloudtrail-s3` of a configuration section, every value a string: `account`, `bucket` and `trail` (name or
 * ARN), and optionally `region`, `prefix`, `organization`, `bucketRegion`, `backfillDays` and `endpoint`. Credentials come
 * from where the AWS SDK looks for them. Makes no request.
 */
export async function connectS3(section: Readonly<Record<string, unknown>>): Promise<S3Reader> {
  const options = textOptions('aws', section, OPTIONS)
  const account = accountOption(options.account)
  const { bucket, trail, prefix, organization, endpoint, backfillDays = DEFAULT_DAYS } = options
  if (bucket === undefined || trail === undefined) {
    const missing = bucket === undefined ? 'bucket' : 'trail'
    throw new ConfigurationError(`provider "aws": the option "${missing}" of the reader "cloudtrail-s3" is missing`)
  }
  const backMs = daysOption('backfillDays', backfillDays, MOST_DAYS)
  const { client, region } = await cloudTrailOf(options)
  const { S3 } = await loadSdk()
  const s3 = new S3({
    region: options.bucketRegion ?? region,
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000, throwOnRequestTimeout: true },
  })
  const place = { bucket, trail, account, region, ...(prefix && { prefix }), ...(organization && { organization }) }
  return new S3Reader({ s3, cloudTrail: client, place, backMs })
}

async function loadSdk() {
  try {
    return await import('@aws-sdk/client-s3')
  } catch (cause) {
    throw new ConfigurationError('provider "aws": the reader "cloudtrail-s3" needs: npm install @aws-sdk/client-s3', {
      cause,
    })
  }
}
