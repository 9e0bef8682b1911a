import { isIP } from 'node:net'
import type { AuditEvent, OperationClass } from '../trail/audit-event.js'
import type { TrailNames } from '../trail/provider-trail.js'
import { type Activity, type ApiActivity, apiActivity, known, PRODUCT, type Severity } from './api-activity.js'

/** An event of a provider's trail as it is stored, and what the reconciliation says of it. */
export interface StoredAuditEvent {
  readonly id: string
  readonly provider: string
  readonly event: AuditEvent
  readonly mirroredAt: Date
  /** Where it was read, such as `lookup-events`. */
  readonly reader?: string
  /** As received, and its SHA-256 in hex. */
  readonly raw?: string
  readonly rawSha256?: string
  readonly reconciliation?: {
    readonly state: string
    readonly rule?: string
    readonly confidence?: string
    readonly attempt?: string
    /** Which call of the application it belongs to. */
    readonly call?: string
  }
}

const ACTIVITIES: Readonly<Record<OperationClass, Activity>> = {
  ...{ 'data-key': 1, 'key-create': 1 },
  ...{ encrypt: 2, decrypt: 2, rewrap: 2, sign: 2, verify: 2, mac: 2, random: 2, read: 2 },
  ...{ 'key-enable': 3, 'key-disable': 3, 'key-rotate': 3, 'key-restore': 3, 'key-update': 3, policy: 3, logging: 3 },
  ...{ 'key-delete': 4, authentication: 99, other: 99 },
}
const ADMINISTRATIVE: readonly OperationClass[] = ['policy', 'key-disable', 'key-delete', 'logging']

/** `names`: of the trail. Without them its log is called as the provider is, and its cloud is not said. */
export function auditEventToOcsf(stored: StoredAuditEvent, names?: TrailNames): ApiActivity {
  const { id, provider, event, mirroredAt, reader, raw, rawSha256, reconciliation } = stored
  const log = names?.logName ?? provider
  const cloud = names?.cloudOf(event.scope)
  return apiActivity({
    ...{
      activity: ACTIVITIES[event.operationClass],
      severity: severityOf(stored),
      succeeded: event.outcome === 'success',
    },
    ...{ time: event.time, operation: event.operation },
    metadata: {
      ...{ uid: event.uid, original_time: event.timeText, logged_time: mirroredAt.getTime() },
      ...{ log_name: event.scope || undefined, log_provider: log, product: PRODUCT },
      ...{ correlation_uid: reconciliation?.call, profiles: cloud ? ['cloud'] : undefined },
    },
    actor: actorOf(event, log),
    api: known({
      ...{ operation: event.operation, service: { name: provider } },
      request: event.requestId === undefined ? undefined : { uid: event.requestId },
      response: responseOf(event),
    }),
    srcEndpoint: endpointOf(event.source),
    further: {
      ...{ status_code: event.status, status_detail: event.statusDetail },
      cloud: cloud && known({ ...cloud }),
      http_request: event.userAgent === undefined ? undefined : { user_agent: event.userAgent },
      resources: resourcesOf(event),
      enrichments: reconciliation && [
        { name: 'reconciliation', value: reconciliation.state, data: known({ ...reconciliation }) },
      ],
      raw_data: raw,
      unmapped: known({
        ...{ id, reader, raw_sha256: rawSha256, outcome: event.outcome, kind: event.kind, context: event.context },
        ...{ operation_class: event.operationClass, call_token: event.callToken, requested_key: event.requestedKey },
      }),
    },
  })
}

function severityOf({ event, reconciliation }: StoredAuditEvent): Severity {
  if (reconciliation?.state !== 'unaccounted') return 1
  return event.outcome === 'denied' || ADMINISTRATIVE.includes(event.operationClass) ? 5 : 4
}

/** The class wants somebody: what the provider did by itself was its own doing. */
function actorOf({ principal, principalName, principalType, credentialId, via }: AuditEvent, log: string): object {
  const user = known({ uid: principal, name: principalName, type: principalType, credential_uid: credentialId })
  const isKnown = principal !== undefined || principalName !== undefined
  return known({ user: isKnown ? user : undefined, app_name: via ?? (isKnown ? undefined : log) })
}

function responseOf({ outcome, status, statusDetail }: AuditEvent): object | undefined {
  if (outcome === 'success' || (status === undefined && statusDetail === undefined)) return undefined
  return known({ error: status, error_message: statusDetail })
}

/** `AWS Internal` and the names of services are no addresses. */
function endpointOf(source: string | undefined): object {
  if (source === undefined || source === '') return { name: 'unknown' }
  if (isIP(source)) return { ip: source }
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(source) ? { domain: source } : { svc_name: source }
}

function resourcesOf({ kekId, kekVersion, sourceKekId }: AuditEvent): object[] | undefined {
  const used = kekId === undefined ? [] : [known({ uid: kekId, type: 'KEK', version: kekVersion || undefined })]
  const resources = sourceKekId === undefined ? used : [...used, { uid: sourceKekId, type: 'KEK' }]
  return resources.length > 0 ? resources : undefined
}
