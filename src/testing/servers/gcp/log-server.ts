import { type HttpKmsServer, type HttpProtocol, type HttpReply, serveHttpKms } from '../http-kms-server.js'
import type { Message } from './grpc.js'
import { answerOf, policyOperationOf, type TestPolicies, testPolicies } from './rest-policies.js'
import type { GcpTestServer } from './server.js'

/** Cloud Logging, the policies of a project and of what is above it, and roles, as far as the reader of the trail and `audit access` ask. */
export interface GcpLogServer extends HttpKmsServer, TestPolicies {
  readonly endpoint: string
  /** Every filter that was asked with. */
  readonly filters: readonly string[]
  /** Of the sink `_Default`, over what it is at first. */
  sink: Message
  /** Of the bucket `_Default`, over what it is at first. */
  bucket: Message
  /** Of the sink to the bucket `_Default`. */
  exclusions: readonly Message[]
  /** So many pages, of which only the last ends the list, have nothing in them. */
  emptyPages: number
  /** So many page tokens are refused as expired. */
  expiredTokens: number
  /** The most that a page has, whatever is asked for. */
  pageSize: number
}

/** As Google Cloud makes it. */
const SINK = {
  name: '_Default',
  destination: 'logging.googleapis.com/projects/test/locations/global/buckets/_Default',
  filter: ['activity', 'system_event', 'access_transparency']
    .flatMap((log) => [
      `NOT LOG_ID("cloudaudit.googleapis.com/${log}")`,
      `NOT LOG_ID("externalaudit.googleapis.com/${log}")`,
    ])
    .join(' AND '),
}

/** Serves the log of a test server over REST, with the sink and the bucket `_Default`, policies and roles. */
export async function startGcpLogServer({ log }: GcpTestServer): Promise<GcpLogServer> {
  const filters: string[] = []
  const settings = {
    ...testPolicies(),
    sink: {} as Message,
    bucket: {} as Message,
    exclusions: [] as readonly Message[],
    emptyPages: 0,
    expiredTokens: 0,
    pageSize: 1_000,
  }
  const server = await serveHttpKms({
    ...PROTOCOL,
    perform({ message, body }) {
      const resource = decodeURIComponent(/^\/v\d\/([^:?]+)/.exec(message.url ?? '')?.[1] ?? '')
      switch (operationOf(message.url)) {
        case 'ListLogEntries': {
          const asked = JSON.parse(body.toString())
          filters.push(asked.filter)
          return list(asked)
        }
        case 'GetSink':
          return ok({ ...SINK, exclusions: settings.exclusions, ...settings.sink })
        case 'GetBucket':
          return ok({ name: resource, retentionDays: 30, lifecycleState: 'ACTIVE', ...settings.bucket })
        default: {
          const asked = message.method === 'POST' ? JSON.parse(body.toString()) : {}
          const answer = answerOf(operationOf(message.url), resource, asked, settings)
          if (answer) return ok(answer)
          return refusal(403, 'PERMISSION_DENIED', `Permission denied on ${resource} (or it may not exist).`)
        }
      }
    },
  })
  return Object.assign(settings, server, { endpoint: `http://127.0.0.1:${server.port}`, filters })

  function list({ filter, pageSize, pageToken }: { filter: string; pageSize: number; pageToken?: string }): HttpReply {
    if (pageToken !== undefined && settings.expiredTokens > 0) {
      settings.expiredTokens--
      return refusal(400, 'INVALID_ARGUMENT', 'page_token has expired')
    }
    const offset = Number(pageToken ?? 0)
    if (settings.emptyPages > 0) {
      settings.emptyPages--
      return ok({ nextPageToken: String(offset) })
    }
    const found = log.entries.filter((entry) => matches(filter, entry)).sort(byTimestamp)
    const end = offset + Math.min(pageSize, settings.pageSize)
    const page = found.slice(offset, end)
    return ok({ ...(page.length > 0 && { entries: page }), ...(end < found.length && { nextPageToken: String(end) }) })
  }
}

/** The terms on times; everything in the log is of concern. Text compares as time does: all of one length, and UTC. */
function matches(filter: string, entry: Message): boolean {
  return [...filter.matchAll(/\b(timestamp|receiveTimestamp) (>=|<) "([^"]+)"/g)].every(([, member, sign, bound]) => {
    const time = String(entry[member as string])
    const limit = (bound as string).replace(/(\.\d{3})Z$/, '$1000000Z')
    return sign === '<' ? time < limit : time >= limit
  })
}

function byTimestamp(a: Message, b: Message): number {
  return String(a['timestamp']) < String(b['timestamp']) ? -1 : 1
}

function operationOf(url = ''): string {
  if (url.endsWith('/v2/entries:list')) return 'ListLogEntries'
  if (/\/v2\/projects\/[^/]+\/sinks\/_Default$/.test(url)) return 'GetSink'
  if (/\/v2\/projects\/[^/]+\/locations\/[^/]+\/buckets\/[^/]+$/.test(url)) return 'GetBucket'
  return policyOperationOf(url) ?? 'unknown'
}

const PROTOCOL: Omit<HttpProtocol, 'perform'> = {
  callOf: ({ url }) => ({ operation: operationOf(url), identity: 'reader' }),
  refuse({ fault }) {
    if (fault === 'deny') return refusal(403, 'PERMISSION_DENIED', 'The caller does not have permission')
    if (fault === 'throttle') return refusal(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded for read requests.')
    return refusal(503, 'UNAVAILABLE', 'The service is currently unavailable.')
  },
  exchangeKey: (reply) => reply,
  statusOf: ({ status }) => (status === 200 ? 'ok' : String(status)),
}

function ok(body: object): HttpReply {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

/** https://cloud.google.com/apis/design/errors#http_mapping */
function refusal(code: number, status: string, message: string): HttpReply {
  return { ...ok({ error: { code, message, status } }), status: code }
}
