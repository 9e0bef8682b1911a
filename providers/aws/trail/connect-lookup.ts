import { textOptions } from '../../../src/kms/text-options.js'
import { cloudTrailOf } from './connect-cloudtrail.js'
import { LookupReader } from './lookup-reader.js'
import { accountOption, daysOption } from './trail-options.js'

const OPTIONS = ['account', 'region', 'endpoint', 'backfillDays'] as const

/**
 * The reader `cloudtrail-lookup` of a configuration section, every value a string: `account`, and optionally `region`,
 * `backfillDays` (0 to 90) and `endpoint`. Credentials come from where the AWS SDK looks for them. Makes no request.
 */
export async function connectLookup(section: Readonly<Record<string, unknown>>): Promise<LookupReader> {
  const options = textOptions('aws', section, OPTIONS)
  const account = accountOption(options.account)
  const backMs = daysOption('backfillDays', options.backfillDays, 90)
  const { client, region } = await cloudTrailOf(options)
  return new LookupReader({ client, account, region, backMs })
}
