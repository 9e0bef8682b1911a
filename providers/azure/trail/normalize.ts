import { createHash } from 'node:crypto'
import type { AuditEvent, Normalized, OperationClass, TrailRecord } from '../../../src/audit/trail/audit-event.js'
import { defined, type JsonObject } from '../../../src/kms/untrusted-json.js'
import { parseUtcTime, type UtcTime } from '../../../src/kms/utc-time.js'
import { callerOf } from './caller.js'
import { claimsOf, type Members, membersOf } from './members.js'
import { activityClassOf, isByItself, operationClassOf } from './operation-classes.js'
import { outcomeOf } from './outcome.js'
import { recordsIn } from './records.js'
import { requestUriOf, resourceOf } from './resource.js'

type What = Omit<AuditEvent, 'uid' | 'uidQuality' | 'scope' | 'time' | 'timeText' | 'receivedAt' | 'content'>

/** An operation on a vault somewhere, such as within the event of a shipper; metrics and notices of a vault name none. */
const SAYS_VAULT = /^(?=.*"operationname[a-z_]*\\*":).*\/microsoft\.keyvault\//is

/** A record of a vault, a Managed HSM or the Activity Log as the event that it is about: equal for each log that has it. */
export function normalizeAzure({ raw, receivedAt }: TrailRecord): Normalized {
  const records = recordsIn(raw)
  if (!records) return { quarantined: 'no record in JSON' }
  if (records.length > 1) return { quarantined: 'several records in one' }
  const record = records[0] as JsonObject
  const members = membersOf(record)
  // In the table AzureActivity the other one is for people, and translated.
  const operation = members.get('operationnamevalue') ?? members.get('operationname')
  if (operation === undefined) {
    return SAYS_VAULT.test(raw)
      ? { quarantined: 'of a vault in a form that is not known' }
      : { ignored: 'no operation' }
  }
  const isActivity = operation.includes('/')
  if (!isActivity && !isOfVault(members)) return { ignored: 'another service' }
  const operationClass = isActivity ? activityClassOf(operation) : operationClassOf(operation)
  if (operationClass === undefined) return { ignored: 'another activity' }
  const timeText = members.get('time') ?? members.get('timegenerated') ?? members.get('eventtimestamp') ?? ''
  const time = parseUtcTime(timeText)
  if (!time) return { quarantined: 'no time that can be read' }
  const { scope = scopeOfActivity(members, operation) ?? '', kekId, kekVersion } = resourceOf(members)
  const what = defined<What>({
    kind: kindOf(operation, operationClass),
    ...{ operation, operationClass },
    ...outcomeOf(members),
    // In the Activity Log it is that of everything that one action led to.
    requestId: isActivity ? undefined : members.get('correlationid'),
    ...callerOf(members, claimsOf(record)),
    ...{ kekId, kekVersion },
  })
  // Each log writes it in another way.
  const content = { ...what, time: time.text }
  const known = { ...identityOf(members, operation, time, what), scope, time: time.date, timeText, receivedAt }
  return { event: { ...defined<Omit<AuditEvent, keyof What>>(known), ...what, content } }
}

/** The Activity Log counts as asked for: by somebody who administers. */
function kindOf(operation: string, operationClass: OperationClass): AuditEvent['kind'] {
  if (operationClass === 'logging') return 'logging'
  return isByItself(operation) ? 'lifecycle' : 'call'
}

/** Rows of AZKVAuditLogs need not name the resource, but are of vaults only; a query may leave out any of the columns. */
function isOfVault(members: Members): boolean {
  const resource = members.get('resourceid') ?? members.get('_resourceid')
  if (resource !== undefined) return /\/microsoft\.keyvault\//i.test(resource) && isAudit(members)
  const provider = members.get('resourceprovider')
  if (provider !== undefined) return /^microsoft\.keyvault$/i.test(provider) && isAudit(members)
  const isOfTable = members.get('type')?.toLowerCase() === 'azkvauditlogs'
  return (isOfTable || members.has('httpstatuscode') || members.has('requesturi')) && isAudit(members)
}

function isAudit(members: Members): boolean {
  return /^auditevent$/i.test(members.get('category') ?? 'AuditEvent')
}

/** A change that concerns more than one vault is logged where it was made. */
function scopeOfActivity(members: Members, operation: string): string | undefined {
  if (!operation.includes('/')) return undefined
  return (members.get('resourceid') ?? members.get('_resourceid'))?.toLowerCase()
}

/** There is no id of an event. The id of the request is one in practice, and empty in some records. */
function identityOf(
  members: Members,
  operation: string,
  time: UtcTime,
  what: What,
): Pick<AuditEvent, 'uid' | 'uidQuality'> {
  const correlationId = members.get('correlationid')
  // Activities have no URI, and capitals in some logs. What a vault logs has one in each of its shapes, and the resource not in each.
  const named = operation.includes('/') ? operation.toLowerCase() : operation
  const request = [named, time.text, requestUriOf(members) || (scopeOfActivity(members, operation) ?? '')]
  if (correlationId !== undefined) return { uid: hashOf([correlationId, ...request]), uidQuality: 'composite' }
  const others = Object.entries(what).flatMap(([name, value]) => [name, String(value)])
  return { uid: hashOf([...request, ...others]), uidQuality: 'content' }
}

function hashOf(members: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(members)).digest('hex')
}
