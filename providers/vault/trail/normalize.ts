import { createHash } from 'node:crypto'
import type { AuditEvent, EventOutcome, Normalized, TrailRecord } from '../../../src/audit/trail/audit-event.js'
import { type Json, memberOf, objectAt, parseLine, textAt } from './audit-line.js'
import { factsOf } from './vault-request.js'

/** The header by which a call says its token, if the audit device is told to write it down. */
export const CALL_HEADER = 'x-waxseal-call'

const HMAC = /^hmac-sha256:/

/**
 * A line of an audit device. Each request makes two, `request` and `response`, with one id. The response is the event: it
 * says what came of the request, and Vault gives an answer to nobody before it is written, so that no result was obtained
 * without one. The request's line says nothing more and is ignored.
 */
export function normalizeVault({ raw }: TrailRecord): Normalized {
  const line = parseLine(raw)
  if (!line) return { quarantined: 'no JSON object' }
  const type = textAt(line, 'type')
  if (type !== 'request' && type !== 'response') return { quarantined: 'expected the type "request" or "response"' }
  const request = objectAt(line, 'request')
  const facts = factsOf(request)
  if (!facts) return { ignored: 'no transit engine, login or change of the trail' }
  if (type === 'request' && facts.kind !== 'lifecycle') return { ignored: 'the line of the response is the event' }
  const timeText = textAt(line, 'time') ?? ''
  const time = new Date(timeText)
  if (Number.isNaN(time.getTime())) return { quarantined: 'expected "time", an instant' }
  const requestId = textAt(request, 'id')
  const said = {
    ...{ ...facts, scope: '', ...outcomeOf(line), ...whoOf(line) },
    ...(requestId !== undefined && { requestId }),
    ...optional('callToken', callTokenOf(request)),
    ...optional('kekVersion', kekVersionOf(objectAt(line, 'response', 'data'))),
  } satisfies Partial<AuditEvent>
  const { credentialId: _, ...content } = said
  return {
    event: {
      ...said,
      // A few lines have no id, such as those that a server in development mode writes for itself.
      uid: requestId === undefined ? createHash('sha256').update(raw).digest('hex') : `${requestId}|${type}`,
      uidQuality: requestId === undefined ? 'content' : 'native',
      ...{ time, timeText },
      // Each device has HMACs of a key of its own, and writes a time of its own.
      content: JSON.stringify(content),
    },
  }
}

function outcomeOf(line: Json): Pick<AuditEvent, 'outcome' | 'status' | 'statusDetail'> {
  const error = textAt(line, 'error')
  if (error === undefined) return { outcome: 'success', status: 'ok' }
  const [, status = ''] = /^(?:\d+ errors? occurred:\s*\*?\s*)?([^\n]*)/.exec(error) ?? []
  return { outcome: outcomeOfError(error), status: status.slice(0, 200), statusDetail: error.slice(0, 2_000) }
}

function outcomeOfError(error: string): EventOutcome {
  if (/permission denied|invalid (role|secret)|role or secret|missing client token/.test(error)) return 'denied'
  return /quota exceeded|too many requests/.test(error) ? 'throttled' : 'error'
}

function whoOf(line: Json): Partial<AuditEvent> {
  const auth = objectAt(line, 'auth')
  const request = objectAt(line, 'request')
  const name = textAt(auth, 'display_name')
  return {
    ...optional('principalType', textAt(auth, 'token_type')),
    // The display name of an AppRole is the same for all of them; a root token has no entity.
    ...optional('principal', textAt(auth, 'entity_id') ?? name),
    ...optional('principalName', name),
    ...optional('credentialId', textAt(auth, 'accessor') ?? textAt(request, 'client_token_accessor')),
    ...optional('source', textAt(request, 'remote_address')),
    ...optional('userAgent', headerOf(request, 'user-agent')),
  }
}

/** One that is hashed says nothing that could be compared here. */
function callTokenOf(request: Json): string | undefined {
  const token = headerOf(request, CALL_HEADER)
  return token === undefined || HMAC.test(token) ? undefined : token
}

function headerOf(request: Json, name: string): string | undefined {
  const value = memberOf(objectAt(request, 'headers'), name)
  const first = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' && first !== '' ? first : undefined
}

/** Numbers are not hashed. Of a batch, where all of its results name the same. */
function kekVersionOf(data: Json): string | undefined {
  const results = memberOf(data, 'batch_results')
  const of = (each: Json) => memberOf(each, 'key_version')
  const found = Array.isArray(results) ? results.map(of).filter((each) => each !== undefined) : [of(data)]
  const versions = new Set(found)
  const [version] = versions
  return versions.size === 1 && Number.isSafeInteger(version) ? String(version) : undefined
}

function optional<Name extends string>(name: Name, value: string | undefined): { [N in Name]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { [N in Name]?: string }
}
