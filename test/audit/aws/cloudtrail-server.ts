import { AwsRefusal } from '../../../src/testing/servers/aws/aws-refusal.js'
import {
  type HttpProtocol,
  type HttpReply,
  type HttpRequest,
  serveHttpKms,
} from '../../../src/testing/servers/http-kms-server.js'

interface LookupRequest {
  readonly LookupAttributes: readonly { readonly AttributeKey: string; readonly AttributeValue: string }[]
  readonly StartTime: number
  readonly EndTime: number
  readonly MaxResults?: number
  readonly NextToken?: string
}

export interface TrailEvent {
  readonly time: Date
  readonly record: Readonly<Record<string, unknown>>
}

/** What LookupEvents of one account in one Region answers, and what else of CloudTrail a test gives it. */
export interface CloudTrailState {
  /** In any order: the server sorts. */
  readonly events: TrailEvent[]
  /** Answers of the other operations, by their names. */
  readonly answers: Record<string, object>
  /** Before each request that is not refused by a fault. */
  onRequest?: (operation: string, request: Record<string, unknown>) => void
  /** Pages that are empty and have a token, before the one that is not. */
  emptyPages: number
  /** Tokens that were given out are no longer good. */
  forgetTokens: boolean
}

/** CloudTrail over its JSON protocol: pages newest first, by tokens that fit one query alone, and refusals with status 400. */
export async function startCloudTrail() {
  const state: CloudTrailState = { events: [], answers: {}, emptyPages: 0, forgetTokens: false }
  const server = await serveHttpKms({ ...PROTOCOL, perform: (request) => perform(request, state) })
  return {
    state,
    endpoint: `http://127.0.0.1:${server.port}`,
    faults: server.faults,
    calls: server.calls,
    close: server.close,
  }
}

export type CloudTrailServer = Awaited<ReturnType<typeof startCloudTrail>>

const PROTOCOL: Omit<HttpProtocol, 'perform'> = {
  callOf: ({ headers }) => ({ operation: operationOf(headers), identity: 'auditor' }),
  refuse({ fault }, { requestId }) {
    if (fault === 'server error') return refusal(new AwsRefusal('InternalFailure', 'failed', 500), requestId)
    const code = fault === 'throttle' ? 'ThrottlingException' : 'AccessDeniedException'
    return refusal(new AwsRefusal(code, fault), requestId)
  },
  exchangeKey: (reply) => reply,
  statusOf: ({ status }) => String(status),
}

function perform({ message, body, requestId }: HttpRequest, state: CloudTrailState): HttpReply {
  const operation = operationOf(message.headers)
  const request = JSON.parse(body.toString())
  state.onRequest?.(operation, request)
  try {
    return reply(200, operation === 'LookupEvents' ? lookup(request, state) : answer(operation, state), requestId)
  } catch (error) {
    if (error instanceof AwsRefusal) return refusal(error, requestId)
    throw error
  }
}

function answer(operation: string, { answers }: CloudTrailState): object {
  const found = answers[operation]
  if (found === undefined) throw new AwsRefusal('TrailNotFoundException', operation)
  return found
}

function lookup(request: LookupRequest, state: CloudTrailState): object {
  const { NextToken, MaxResults = 50, ...query } = request
  const asked = JSON.stringify(query)
  const { at, empty } = NextToken === undefined ? { at: 0, empty: 0 } : positionOf(NextToken, asked, state)
  if (empty < state.emptyPages) return { Events: [], NextToken: tokenOf({ asked, at, empty: empty + 1 }) }
  const found = state.events
    .filter(({ time, record }) => {
      const seconds = time.getTime() / 1_000
      const isWithin = seconds >= query.StartTime && seconds <= query.EndTime
      return isWithin && record.eventSource === query.LookupAttributes[0]?.AttributeValue
    })
    .sort((a, b) => b.time.getTime() - a.time.getTime())
  const next = at + MaxResults
  return {
    Events: found.slice(at, next).map(({ time, record }) => ({
      EventId: record.eventID,
      EventTime: time.getTime() / 1_000,
      EventSource: record.eventSource,
      CloudTrailEvent: JSON.stringify(record),
    })),
    ...(next < found.length && { NextToken: tokenOf({ asked, at: next, empty }) }),
  }
}

const tokenOf = (position: object) => Buffer.from(JSON.stringify(position)).toString('base64')

function positionOf(token: string, asked: string, { forgetTokens }: CloudTrailState) {
  const position = JSON.parse(Buffer.from(token, 'base64').toString())
  if (!forgetTokens && position.asked === asked) return position as { at: number; empty: number }
  throw new AwsRefusal('InvalidNextTokenException', 'the token does not fit the request')
}

function refusal({ code, message, httpStatus }: AwsRefusal, requestId: string): HttpReply {
  return reply(httpStatus, { __type: code, message }, requestId)
}

function reply(status: number, body: object, requestId: string): HttpReply {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': requestId }
  return { status, headers, body: JSON.stringify(body) }
}

function operationOf(headers: HttpRequest['message']['headers']): string {
  return String(headers['x-amz-target']).replace(/^.*\./, '')
}
