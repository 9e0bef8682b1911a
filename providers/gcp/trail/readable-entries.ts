import type { PostureCheck } from '../../../src/audit/trail/trail-reader.js'
import { listAt } from '../../../src/kms/untrusted-json.js'
import type { GcpRestApi } from '../rest-api.js'

const NEEDED = ['logging.logEntries.list', 'logging.privateLogEntries.list']

/** Who may not read data access logs is shown a list without them, and no refusal. */
export async function isReadable(
  api: GcpRestApi,
  scope: string,
  signal: AbortSignal,
): Promise<Omit<PostureCheck, 'id'>> {
  const path = `/v1/${scope}:testIamPermissions`
  const { status, code, result } = await api.ask('POST', 'resources', path, { permissions: NEEDED }, signal)
  if (status !== 200) throw new Error(`${path} answered ${code}`)
  const missing = NEEDED.filter((each) => !listAt(result, 'permissions').includes(each))
  if (missing.length === 0) return { state: 'ok', evidence: `the reader has ${NEEDED.join(' and ')}` }
  return {
    state: 'failed',
    evidence: `the reader is not shown data access logs: it has no ${missing.join(' and no ')}`,
    remedy: 'give the reader roles/logging.privateLogViewer on the project',
  }
}
