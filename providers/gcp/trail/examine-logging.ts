import type { PostureCheck } from '../../../src/audit/trail/trail-reader.js'
import { listAt } from '../../../src/kms/untrusted-json.js'
import type { GcpRestApi } from '../rest-api.js'
import { auditConfigsOf, isLogged, isWhole } from './audit-configs.js'
import { bucketOf, isDelivered, isKept } from './log-storage.js'
import { resultOf } from './logging-result.js'
import { normalizeGcp } from './normalize.js'

/** How much of the past is looked at for reasons. */
const LOOK_BACK_MS = 24 * 3_600_000

/** Whether uses of keys are logged, whose are not, what is left out, how long it is kept, and by what calls are found again. */
export async function examineLogging(
  api: GcpRestApi,
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
  const look = (path: string) => resultOf(api, 'GET', path, undefined, signal)
  const sink = () => look(`/v2/${scope}/sinks/_Default`)
  return [
    await check('data-access-is-logged', async () => isLogged(await configs())),
    await check('nobody-is-exempted', async () => isWhole(await configs())),
    await check('nothing-is-excluded', async () => isDelivered(scope, await sink())),
    await check('log-is-kept', async () => {
      const bucket = bucketOf(scope, await sink())
      if (bucket === undefined) throw new Error('the sink _Default writes to no bucket of the project')
      return isKept(await look(`/v2/${bucket}`))
    }),
    await check('how-calls-are-found', async () => {
      const since = new Date(Date.now() - LOOK_BACK_MS).toISOString()
      const filter = `timestamp >= "${since}" AND protoPayload.serviceName="cloudkms.googleapis.com"`
      const request = { resourceNames: [scope], filter, orderBy: 'timestamp desc', pageSize: 100 }
      return foundBy(listAt(await resultOf(api, 'POST', '/v2/entries:list', request, signal), 'entries'))
    }),
  ]
}

/** Whether it is known that uses of keys are not logged: then an entry that is not there says nothing. */
export async function isLoggingOff(api: GcpRestApi, scope: string, signal: AbortSignal): Promise<boolean> {
  try {
    const configs = await auditConfigsOf(api, scope, signal)
    return [isLogged(configs), isWhole(configs)].some(({ state }) => state === 'failed')
  } catch {
    signal.throwIfAborted()
    return false
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
