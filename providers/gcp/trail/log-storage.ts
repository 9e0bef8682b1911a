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
  if (problems.length > 0) {
    return {
      state: 'failed',
      evidence: `the sink _Default ${problems.join('; ')}`,
      remedy: 'see that all entries of Cloud KMS get into the log bucket _Default of the project',
    }
  }
  const bucket = bucketOf(scope, sink)
  if (bucket?.endsWith('/_Default')) return { state: 'ok', evidence: 'the sink _Default leaves nothing out' }
  const evidence = `the sink _Default writes to ${bucket}, and whether that is what the reader sees is not known`
  return { state: 'unknown', evidence, remedy: 'let it write to the log bucket _Default of the project' }
}

/** The bucket of the project that the sink writes to. */
export function bucketOf(scope: string, sink: JsonObject): string | undefined {
  const [, bucket, project = ''] = BUCKET.exec(textAt(sink, 'destination') ?? '') ?? []
  // The number of the project cannot be compared with its id.
  return `projects/${project}` === scope || /^\d+$/.test(project) ? bucket : undefined
}

/** Whether what a reader that was away for long may ask for is still there, and all of it. */
export function isKept(bucket: JsonObject): State {
  const [name, days] = [textAt(bucket, 'name'), Number(textAt(bucket, 'retentionDays'))]
  const hidden = listAt(bucket, 'restrictedFields').map(String)
  const needed = ENTRIES.keptMs / DAY_MS
  const evidence = `the bucket ${name} keeps entries for ${days} days`
  if (days >= needed && hidden.length === 0) return { state: 'ok', evidence }
  return {
    state: 'failed',
    evidence: hidden.length > 0 ? `the bucket ${name} restricts the fields ${hidden.join(', ')}` : evidence,
    remedy: `a reader that was away asks for whole entries of the last ${needed} days: let the bucket keep and show them`,
  }
}

function passesDataAccess(filter: string): boolean {
  const elsewhere = [...filter.matchAll(NOT_LOG)].map(([, name]) => name)
  const others = filter.replace(NOT_LOG, '').replace(/\bAND\b/g, '')
  return others.trim() === '' && !elsewhere.includes('cloudaudit.googleapis.com/data_access')
}
