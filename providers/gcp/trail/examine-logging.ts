import type { PostureCheck } from '../../../src/audit/trail/trail-reader.js'
import { type JsonObject, listAt, textAt } from '../../../src/kms/untrusted-json.js'
import { type GcpLoggingApi, resultOf } from './logging-api.js'
import { normalizeGcp } from './normalize.js'

const SERVICES: readonly (string | undefined)[] = ['cloudkms.googleapis.com', 'allServices']
const TYPES = ['DATA_READ', 'DATA_WRITE', 'ADMIN_READ']
/** How much of the past is looked at for reasons. */
const LOOK_BACK_MS = 24 * 3_600_000

/** Whether uses of keys are logged, whose are not, what is left out, and by what calls are found again. */
export async function examineLogging(
  api: GcpLoggingApi,
  scope: string,
  signal: AbortSignal,
): Promise<readonly PostureCheck[]> {
  const check = async (id: string, make: () => Promise<Omit<PostureCheck, 'id'>>): Promise<PostureCheck> => {
    try {
      return { id, ...(await make()) }
    } catch (error) {
      signal.throwIfAborted()
      return { id, state: 'unknown', evidence: (error as Error).message }
    }
  }
  const configs = () => auditConfigsOf(api, scope, signal)
  return [
    await check('data-access-is-logged', async () => isLogged(await configs())),
    await check('nobody-is-exempted', async () => isWhole(await configs())),
    await check('nothing-is-excluded', async () => {
      const { exclusions } = await resultOf(api, 'GET', 'logging', `/v2/${scope}/sinks/_Default`, undefined, signal)
      return isUnfiltered(listAt(exclusions))
    }),
    await check('how-calls-are-found', async () => {
      const since = new Date(Date.now() - LOOK_BACK_MS).toISOString()
      const filter = `timestamp >= "${since}" AND protoPayload.serviceName="cloudkms.googleapis.com"`
      const request = { resourceNames: [scope], filter, orderBy: 'timestamp desc', pageSize: 100 }
      return foundBy(listAt(await resultOf(api, 'POST', 'logging', '/v2/entries:list', request, signal), 'entries'))
    }),
  ]
}

/** Whether it is known that uses of keys are not logged: then an entry that is not there says nothing. */
export async function isLoggingOff(api: GcpLoggingApi, scope: string, signal: AbortSignal): Promise<boolean> {
  try {
    const configs = await auditConfigsOf(api, scope, signal)
    return [isLogged(configs), isWhole(configs)].some(({ state }) => state === 'failed')
  } catch {
    signal.throwIfAborted()
    return false
  }
}

async function auditConfigsOf(api: GcpLoggingApi, scope: string, signal: AbortSignal): Promise<readonly unknown[]> {
  const policy = await resultOf(api, 'POST', 'policy', `/v1/${scope}:getIamPolicy`, {}, signal)
  return listAt(policy, 'auditConfigs').filter((config) => SERVICES.includes(textAt(config, 'service')))
}

function isLogged(configs: readonly unknown[]): Omit<PostureCheck, 'id'> {
  const types = configs.flatMap((config) => listAt(config, 'auditLogConfigs').map((each) => textAt(each, 'logType')))
  const missing = TYPES.filter((type) => !types.includes(type))
  if (missing.length === 0) return { state: 'ok', evidence: `the policy of the project logs ${TYPES.join(', ')}` }
  return {
    state: 'failed',
    evidence: `the policy of the project does not log ${missing.join(', ')} of Cloud KMS`,
    remedy:
      'switch on the data access logs of cloudkms.googleapis.com; those of a folder or organisation are not seen here',
  }
}

function isWhole(configs: readonly unknown[]): Omit<PostureCheck, 'id'> {
  const exempted = configs.flatMap((config) =>
    listAt(config, 'auditLogConfigs').flatMap((each) => listAt(each, 'exemptedMembers').map(String)),
  )
  if (exempted.length === 0) return { state: 'ok', evidence: 'the policy of the project exempts nobody' }
  const evidence = `nothing is logged of ${[...new Set(exempted)].join(', ')}`
  return { state: 'failed', evidence, remedy: 'take "exemptedMembers" out of the audit configuration of the project' }
}

function isUnfiltered(exclusions: readonly unknown[]): Omit<PostureCheck, 'id'> {
  const active = exclusions.filter((each) => (each as JsonObject | null)?.['disabled'] !== true)
  if (active.length === 0) return { state: 'ok', evidence: 'the sink _Default leaves nothing out' }
  const names = active.map((each) => textAt(each, 'name') ?? 'unnamed').join(', ')
  return {
    state: 'failed',
    evidence: `the sink _Default leaves out what these exclusions match: ${names}`,
    remedy: 'see that none of them matches entries of Cloud KMS, or take them away',
  }
}

/**
 * Learnt from the application's own calls: nothing is sent for it. Either answer is in order: without tokens calls are
 * counted, which is less, and nothing that anybody could mend.
 */
function foundBy(entries: readonly unknown[]): Omit<PostureCheck, 'id'> {
  const tokens = entries.filter((entry) => {
    const normalized = normalizeGcp({ raw: JSON.stringify(entry) })
    return 'event' in normalized && normalized.event.callToken !== undefined
  })
  const evidence = `${tokens.length} of the last ${entries.length} entries have the token of an attempt`
  if (tokens.length > 0) return { state: 'ok', evidence: `${evidence}: calls are found by it` }
  return { state: 'ok', evidence: `${evidence}: calls are counted, not paired` }
}
