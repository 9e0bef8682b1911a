import type { EventOutcome } from '../../../src/audit/trail/audit-event.js'
import type { Members } from './members.js'

/** Signatures where no status is written: in small letters, without spaces. */
const BY_SIGNATURE: readonly (readonly [RegExp, EventOutcome])[] = [
  [/unauthorized|forbidden|denied/, 'denied'],
  [/toomanyrequests|throttl/, 'throttled'],
  [/badrequest|notfound|conflict|error|fail|unavailable|timeout/, 'error'],
]
/** Of the Activity Log, in what its interface, Event Hub and the table AzureActivity each call it. */
const RESULTS = [
  ...['resulttype', 'status', 'substatus', 'statuscode'],
  ...['activitystatusvalue', 'activitystatus', 'activitysubstatusvalue', 'activitysubstatus'],
]

/**
 * What became of a request, by its HTTP status, else by the signature. Never by `resultType`, which the vault sets to
 * `Success` for requests that it refused.
 */
export function outcomeOf(members: Members, isActivity: boolean) {
  const [code, signature = ''] = [members.get('httpstatuscode'), members.get('resultsignature')]
  const number = Number(code ?? (/^\d{3}$/.test(signature) ? signature : Number.NaN))
  const outcome = Number.isFinite(number) ? byNumber(number) : bySignature(`${signature} ${activityResult()}`)
  return {
    outcome,
    status: Number.isFinite(number) ? String(number) : signature || undefined,
    statusDetail: members.get('resultdescription') ?? (outcome === 'success' ? undefined : signature || undefined),
  }

  /** The Activity Log's own `resultType` is right, and mostly all there is. */
  function activityResult(): string {
    if (!isActivity) return ''
    return RESULTS.map((name) => members.get(name)).join(' ')
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
