import type { EventOutcome } from '../../../src/audit/trail/audit-event.js'
import type { Members } from './members.js'

/** Signatures where no status is written: in small letters, without spaces. */
const BY_SIGNATURE: readonly (readonly [RegExp, EventOutcome])[] = [
  [/unauthorized|forbidden|denied/, 'denied'],
  [/toomanyrequests|throttl/, 'throttled'],
  [/badrequest|notfound|conflict|error|fail|unavailable|timeout/, 'error'],
]
/** The result in words, in what the vault, the Activity Log's interface, Event Hub and the table AzureActivity each call it. */
const RESULTS = [
  ...['resulttype', 'status', 'substatus', 'statuscode'],
  ...['activitystatusvalue', 'activitystatus', 'activitysubstatusvalue', 'activitysubstatus'],
]

/**
 * What became of a request, by its HTTP status, else by what its signature or its result says of a failure. A success in
 * words alone says little: the vault sets `resultType` to `Success` for requests that it refused.
 */
export function outcomeOf(members: Members) {
  const [code, signature = ''] = [members.get('httpstatuscode'), members.get('resultsignature')]
  const number = Number(code ?? (/^\d{3}$/.test(signature) ? signature : Number.NaN))
  const results = RESULTS.map((name) => members.get(name)).join(' ')
  const outcome = Number.isFinite(number) ? byNumber(number) : bySignature(`${signature} ${results}`)
  return {
    outcome,
    status: Number.isFinite(number) ? String(number) : signature || undefined,
    statusDetail: members.get('resultdescription') ?? (outcome === 'success' ? undefined : signature || undefined),
  }
}

function byNumber(code: number): EventOutcome {
  if (code === 401 || code === 403) return 'denied'
  if (code === 429) return 'throttled'
  return code >= 400 ? 'error' : 'success'
}

/** What does not say that it failed is taken for done. */
function bySignature(signature: string): EventOutcome {
  const plain = signature.toLowerCase().replaceAll(' ', '')
  return BY_SIGNATURE.find(([pattern]) => pattern.test(plain))?.[1] ?? 'success'
}
