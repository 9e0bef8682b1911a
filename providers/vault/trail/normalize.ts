import { createHash } from 'node:crypto'
import type { AuditEvent, EventOutcome, Normalized, TrailRecord } from '../../../src/audit/trail/audit-event.js'
import { defined, type JsonObject, listAt, objectAt, textAt } from '../../../src/kms/untrusted-json.js'
import { parseUtcTime } from '../../../src/kms/utc-time.js'
import { audited } from './audit-line.js'
import { factsOf } from './vault-request.js'

/** The header by which a call says its token, if the audit device is told to write it down. */
export const CALL_HEADER = 'x-waxseal-call'

const HMAC = /^hmac-sha256:/
const DENIED =
  /permission denied|invalid (role|secret|token|username|credentials)|role or secret|bad token|missing client token/

/**
 * A line of an audit device. Each request makes two, `request` and `response`, with one id. The response is the event: it
 * says what came of the request, and Vault gives an answer to nobody before it is written, so that no result was obtained
 * without one. The request's line says nothing more and is ignored.
 */
export function normalizeVault({ raw }: TrailRecord): Normalized {
  const line = audited(raw)
  if (!line)
    return { quarantined: 'no JSON object, as one line of a device is; one with the format jsonx needs "format=json"' }
  const type = textAt(line, 'type')
  if (type?.startsWith('kmip-')) return { ignored: 'of the KMIP engine' }
  if (type !== 'request' && type !== 'response') return { quarantined: 'expected the type "request" or "response"' }
  const request = objectAt(line, 'request') ?? {}
  const facts = factsOf(request)
  if (!facts) return { ignored: 'no transit engine, login or change of the trail' }
  if (type === 'request' && facts.kind !== 'lifecycle') return { ignored: 'the line of the response is the event' }
  const timeText = textAt(line, 'time') ?? ''
  const time = parseUtcTime(timeText)?.date
  if (!time) return { quarantined: 'expected "time", an instant' }
  const requestId = textAt(request, 'id')
  const said = {
    ...{ ...facts, scope: '', ...outcomeOf(line) },
    ...defined<Partial<AuditEvent>>({
      ...{ ...whoOf(line, request), requestId, callToken: callTokenOf(request) },
      kekVersion: kekVersionOf(objectAt(line, 'response', 'data')),
    }),
  }
  const { credentialId: _, ...content } = said
  return {
    event: {
      ...said,
      // A few lines have no id, such as those that a server in development mode writes for itself.
      uid: requestId === undefined ? createHash('sha256').update(raw).digest('hex') : `${requestId}|${type}`,
      uidQuality: requestId === undefined ? 'content' : 'native',
      ...{ time, timeText },
      // Each device has HMACs of a key of its own, and writes a time of its own.
      content,
    },
  }
}

function outcomeOf(line: JsonObject): Pick<AuditEvent, 'outcome' | 'status' | 'statusDetail'> {
  const error = textAt(line, 'error') ?? refusalIn(objectAt(line, 'response', 'data'))
  if (error === undefined) return { outcome: 'success', status: 'ok' }
  const [, status = ''] = /^(?:\d+ errors? occurred:\s*\*?\s*)?([^\n]*)/.exec(error) ?? []
  return { outcome: outcomeOfError(error), status: status.slice(0, 200), statusDetail: error.slice(0, 2_000) }
}

/** An engine can refuse in its answer alone, where the reason is hashed; of a batch, each of its parts. */
function refusalIn(data: JsonObject | undefined): string | undefined {
  const [first, ...others] = listAt(data, 'batch_results')
  const error = textAt(data, 'error') ?? textAt(first, 'error')
  return others.every((each) => textAt(each, 'error') !== undefined) ? error : undefined
}

function outcomeOfError(error: string): EventOutcome {
  if (DENIED.test(error)) return 'denied'
  return /quota exceeded|too many requests/.test(error) ? 'throttled' : 'error'
}

function whoOf(line: JsonObject, request: JsonObject) {
  // Who logs in is known by the answer alone.
  const of = (name: string) => textAt(line, 'auth', name) ?? textAt(line, 'response', 'auth', name)
  const name = of('display_name')
  return {
    principalType: of('token_type'),
    // The display name of an AppRole is the same for all of them; a root token has no entity.
    principal: of('entity_id') ?? name,
    principalName: name,
    credentialId: of('accessor') ?? textAt(request, 'client_token_accessor'),
    source: textAt(request, 'remote_address'),
    userAgent: headerOf(request, 'user-agent'),
  }
}

/** One that is hashed says nothing that could be compared here. */
function callTokenOf(request: JsonObject): string | undefined {
  const token = headerOf(request, CALL_HEADER)
  return token === undefined || HMAC.test(token) ? undefined : token
}

function headerOf(request: JsonObject, name: string): string | undefined {
  return textAt(request, 'headers', name) ?? textAt(listAt(request, 'headers', name), '0')
}

/** Numbers are not hashed. Of a batch, where all of its results name the same. */
function kekVersionOf(data: JsonObject | undefined): string | undefined {
  const versions = new Set(
    [data, ...listAt(data, 'batch_results')].flatMap((each) => textAt(each, 'key_version') ?? []),
  )
  const [version] = versions
  return versions.size === 1 && /^\d+$/.test(String(version)) ? version : undefined
}
