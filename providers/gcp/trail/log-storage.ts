import type { PostureCheck } from '../../../src/audit/trail/trail-reader.js'
import { type JsonObject, listAt, textAt } from '../../../src/kms/untrusted-json.js'
import { ENTRIES } from './entries-filter.js'

type State = Omit<PostureCheck, 'id'>

const DAY_MS = 86_400_000
const BUCKET = /^logging\.googleapis\.com\/(projects\/([^/]+)\/locations\/[^/]+\/buckets\/[^/]+)$/
/** What the filter of the sink is made of, as Google Cloud writes it: the logs that are kept elsewhere. */
const NOT_LOG = /\bNOT\s+LOG_ID\("([^"]*)"\)/gi

/** Whether the sink `_Default` brings the data access logs of the project to where the reader finds them. */
export function isDelivered(scope: string, sink: JsonObject): State {
  const filter = textAt(sink, 'filter') ?? ''
  const exclusions = listAt(sink, 'exclusions').filter((each) => (each as JsonObject | null)?.['disabled'] !== true)
  const problems = [
    ...(sink['disabled'] === true ? ['is disabled'] : []),
    ...(passesDataAccess(filter) ? [] : [`has a filter of your own: ${filter}`]),
    ...(bucketOf(scope, sink) === undefined ? [`writes to ${textAt(sink, 'destination')}, where nobody reads`] : []),
    ...exclusions.map((each) => `leaves out what the exclusion ${textAt(each, 'name') ?? 'without a name'} matches`),
  ]
  if (problems.length === 0) return { state: 'ok', evidence: 'the sink _Default leaves nothing out' }
  return {
    state: 'failed',
    evidence: `the sink _Default ${problems.join('; ')}`,
    remedy: 'see that all entries of Cloud KMS get into a log bucket of the project',
  }
}

/** The bucket of the project that the sink writes to. */
export function bucketOf(scope: string, sink: JsonObject): string | undefined {
  const [, bucket, project = ''] = BUCKET.exec(textAt(sink, 'destination') ?? '') ?? []
  // The number of the project cannot be compared with its id.
  return `projects/${project}` === scope || /^\d+$/.test(project) ? bucket : undefined
}

/** Whether what a reader that was away for long may ask for is still there. */
export function isKept(bucket: JsonObject): State {
  const days = Number(textAt(bucket, 'retentionDays'))
  const needed = ENTRIES.keptMs / DAY_MS
  const evidence = `the bucket ${textAt(bucket, 'name')} keeps entries for ${days} days`
  if (days >= needed) return { state: 'ok', evidence }
  return {
    state: 'failed',
    evidence: `${evidence}; a reader that was away asks for the last ${needed}`,
    remedy: `gcloud logging buckets update _Default --location=global --retention-days=${needed}`,
  }
}

function passesDataAccess(filter: string): boolean {
  const elsewhere = [...filter.matchAll(NOT_LOG)].map(([, name]) => name)
  const others = filter.replace(NOT_LOG, '').replace(/\bAND\b/g, '')
  return others.trim() === '' && !elsewhere.includes('cloudaudit.googleapis.com/data_access')
}
