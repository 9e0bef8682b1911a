import type { PostureCheck } from '../../../src/audit/trail/trail-reader.js'
import { listAt } from '../../../src/kms/untrusted-json.js'
import type { GcpRestApi } from '../rest-api.js'
import { auditConfigsOf, isLogged, isWhole } from './audit-configs.js'
import { bucketOf, isDelivered, isKept } from './log-storage.js'
import { resultOf } from './logging-result.js'
import { normalizeGcp } from './normalize.js'
import { isReadable } from './readable-entries.js'

type Check = readonly [id: string, make: () => Promise<Omit<PostureCheck, 'id'>>]

/** How much of the past is looked at for reasons. */
const LOOK_BACK_MS = 24 * 3_600_000

/** Whether uses of keys are logged and shown, what is left out, how long it is kept, and by what calls are found again. */
export function examineLogging(api: GcpRestApi, scope: string, signal: AbortSignal): Promise<readonly PostureCheck[]> {
  const look = (path: string) => resultOf(api, 'GET', path, undefined, signal)
  const sink = () => look(`/v2/${scope}/sinks/_Default`)
  return made(signal, [
    ...checksOfUses(api, scope, signal),
    ['nothing-is-excluded', async () => isDelivered(scope, await sink())],
    [
      'log-is-kept',
      async () => {
        const bucket = bucketOf(scope, await sink())
        if (bucket === undefined) throw new Error('the sink _Default writes to no bucket of the project')
        return isKept(await look(`/v2/${bucket}`))
      },
    ],
    [
      'how-calls-are-found',
      async () => {
        const since = new Date(Date.now() - LOOK_BACK_MS).toISOString()
        const filter = `timestamp >= "${since}" AND protoPayload.serviceName="cloudkms.googleapis.com"`
        const request = { resourceNames: [scope], filter, orderBy: 'timestamp desc', pageSize: 100 }
        return foundBy(listAt(await resultOf(api, 'POST', '/v2/entries:list', request, signal), 'entries'))
      },
    ],
  ])
}

/** Whether it is known that uses of keys are not logged, or not shown: then an entry that is not there says nothing. */
export async function isBlindToUses(api: GcpRestApi, scope: string, signal: AbortSignal): Promise<boolean> {
  const checks = await made(signal, checksOfUses(api, scope, signal))
  return checks.some(({ state }) => state === 'failed')
}

function checksOfUses(api: GcpRestApi, scope: string, signal: AbortSignal): readonly Check[] {
  const configs = auditConfigsOf(api, scope, signal)
  return [
    ['data-access-is-logged', async () => isLogged(await configs)],
    ['nobody-is-exempted', async () => isWhole(await configs)],
    ['data-access-is-readable', () => isReadable(api, scope, signal)],
  ]
}

async function made(signal: AbortSignal, checks: readonly Check[]): Promise<readonly PostureCheck[]> {
  const found: PostureCheck[] = []
  for (const [id, make] of checks) {
    try {
      found.push({ id, ...(await make()) })
    } catch (error) {
      signal.throwIfAborted()
      found.push({ id, state: 'unknown', evidence: (error as Error).message })
    }
  }
  return found
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
