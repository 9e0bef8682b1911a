import { type JsonObject, objectAt, textAt } from '../../../src/kms/untrusted-json.js'
import { kmsExclusion } from './kms-exclusion.js'

export const CLOUDTRAIL = 'cloudtrail.amazonaws.com'

const READS = /^(Get|List|Describe|Lookup|Search|Generate)/
/** Tags, and what is done with events that were logged. */
const ASIDE = /^(Add|Remove)Tags$|Query|Dashboard|Channel|Import/

/** Whether an event of CloudTrail itself changed what is logged, or tried to. What is new counts as a change. */
export function isLoggingChange(record: JsonObject, operation: string): boolean {
  return record.readOnly !== true && !READS.test(operation) && !ASIDE.test(operation)
}

/** What was changed, as far as it is in the request. */
export function loggingChange(record: JsonObject, operation: string): string | undefined {
  const request = objectAt(record, 'requestParameters') ?? {}
  const [of] = ['trailName', 'name', 'trailARN', 'eventDataStore'].flatMap((each) => textAt(request, each) ?? [])
  const changes = [
    ...(operation === 'PutEventSelectors' ? [kmsExclusion(request) ?? 'no event of the KMS is left out'] : []),
    ...(request.enableLogFileValidation === false ? ['without log file validation'] : []),
    ...(request.isMultiRegionTrail === false ? ['of one Region'] : []),
  ]
  const what = [...(of === undefined ? [] : [of]), ...changes].join(': ')
  return what === '' ? undefined : what
}
