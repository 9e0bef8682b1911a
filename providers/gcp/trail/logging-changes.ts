import { type JsonObject, listAt } from '../../../src/kms/untrusted-json.js'

/** Where entries are written, kept and left out. https://cloud.google.com/logging/docs/audit-logging */
const CHANGES =
  /^(Create|Update|Delete|Undelete)(Sink|Exclusion|Bucket|BucketAsync|View|Link|CmekSettings|Settings)$|^(UpdateBucketAsync|CreateBucketAsync|DeleteLog|CopyLogEntries)$/

/** Whether an entry says that what is logged was changed: the configuration of Cloud Logging, or of audit logs in a policy. */
export function isLoggingChange(service: string, operation: string, payload: JsonObject): boolean {
  if (service === 'logging.googleapis.com') return CHANGES.test(operation)
  if (!/^setIamPolicy$/i.test(operation)) return false
  return [['serviceData', 'policyDelta'], ['metadata', 'policyDelta'], ['metadata']].some((path) => {
    return listAt(payload, ...path, 'auditConfigDeltas').length > 0
  })
}
