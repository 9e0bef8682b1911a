import type { PostureCheck } from '../../../src/audit/trail/trail-reader.js'
import { listAt, textAt } from '../../../src/kms/untrusted-json.js'
import { inheritedPolicies } from '../inherited-policies.js'
import type { GcpRestApi } from '../rest-api.js'

type State = Omit<PostureCheck, 'id'>

/** What policies say about the logs of Cloud KMS: those of the project and of all above it together. */
export interface AuditConfigs {
  readonly configs: readonly unknown[]
  /** Whose policies these are. */
  readonly of: string
  /** What was not seen, for the end of a sentence. */
  readonly but: string
}

const SERVICES: readonly (string | undefined)[] = ['cloudkms.googleapis.com', 'allServices']
const TYPES = ['DATA_READ', 'DATA_WRITE', 'ADMIN_READ']

/** Rejects where the policy of the project itself cannot be read: then nothing is known. */
export async function auditConfigsOf(api: GcpRestApi, scope: string, signal: AbortSignal): Promise<AuditConfigs> {
  const { policies, unread } = await inheritedPolicies(api, scope, signal)
  if (!policies.some(({ resource }) => resource === scope)) throw new Error(unread.join('; '))
  const configs = policies.flatMap(({ policy }) => listAt(policy, 'auditConfigs'))
  return {
    configs: configs.filter((config) => SERVICES.includes(textAt(config, 'service'))),
    of: policies.map(({ resource }) => resource).join(', '),
    but: unread.length > 0 ? `; ${unread.join('; ')}` : '',
  }
}

export function isLogged({ configs, of, but }: AuditConfigs): State {
  const types = configs.flatMap((config) => listAt(config, 'auditLogConfigs').map((each) => textAt(each, 'logType')))
  const missing = TYPES.filter((type) => !types.includes(type))
  if (missing.length === 0) return { state: 'ok', evidence: `${TYPES.join(', ')} are logged, by the policies of ${of}` }
  return {
    state: 'failed',
    evidence: `${missing.join(', ')} of Cloud KMS are not logged, by the policies of ${of}${but}`,
    remedy: 'switch on the data access logs of cloudkms.googleapis.com',
  }
}

/** Whoever is exempted by one of the policies is exempted. */
export function isWhole({ configs, of, but }: AuditConfigs): State {
  const exempted = configs.flatMap((config) =>
    listAt(config, 'auditLogConfigs').flatMap((each) => listAt(each, 'exemptedMembers').map(String)),
  )
  if (exempted.length === 0) return { state: 'ok', evidence: `nobody is exempted by the policies of ${of}${but}` }
  const evidence = `nothing is logged of ${[...new Set(exempted)].join(', ')}`
  return { state: 'failed', evidence, remedy: `take "exemptedMembers" out of the audit configuration of ${of}` }
}
