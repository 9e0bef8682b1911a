import { type HttpKmsServer, type HttpReply, serveHttpKms } from '../http-kms-server.js'
import type { LogRecord, WrittenRecord } from './audit-log.js'
import type { AzureTestServer } from './server.js'

/** A Log Analytics workspace that a diagnostic setting of the test server sends to. */
export interface WorkspaceServer extends HttpKmsServer {
  readonly endpoint: string
  readonly queries: readonly string[]
  /** By the mode of the diagnostic setting. */
  table: 'AZKVAuditLogs' | 'AzureDiagnostics'
  /** An answer has no more rows; there is an error beside them where there would be. */
  mostRows: number
}

/** Answers the queries of the reader: it looks at their times, and takes every record for one of the vault. */
export async function startWorkspaceServer({ log, tls }: AzureTestServer): Promise<WorkspaceServer> {
  const queries: string[] = []
  const settings = { table: 'AZKVAuditLogs' as WorkspaceServer['table'], mostRows: 10_000 }
  const server = await serveHttpKms(
    {
      callOf: () => ({ operation: 'Query', identity: 'reader' }),
      perform({ message, body }) {
        if (message.headers.authorization === undefined) return reply(401, failure('InvalidTokenError'))
        const { query } = JSON.parse(body.toString())
        queries.push(query)
        return reply(200, answer(query))
      },
      refuse: ({ fault }) =>
        fault === 'deny'
          ? reply(403, failure('InsufficientAccessError'))
          : fault === 'throttle'
            ? reply(429, failure('TooManyRequests'))
            : reply(503, failure('ServiceUnavailable')),
      exchangeKey: (answered) => answered,
      statusOf: ({ status }) => (status === 200 ? 'ok' : String(status)),
    },
    { tls },
  )
  return Object.assign(settings, server, { endpoint: `https://127.0.0.1:${server.port}/v1`, queries })

  function answer(query: string): object {
    const found = log.records.filter((written) => isIn(query, written)).map((written) => rowOf(settings.table, written))
    const columns = [
      { name: 'TimeGenerated', type: 'datetime' },
      { name: 'Ingested', type: 'datetime' },
      { name: 'Record', type: 'string' },
    ]
    const tables = [{ name: 'PrimaryResult', columns, rows: found.slice(0, settings.mostRows) }]
    return found.length > settings.mostRows ? { tables, ...failure('PartialError') } : { tables }
  }
}

/** By the first part of the union: the others have the same times. */
function isIn(query: string, { record, arrivedAt }: WrittenRecord): boolean {
  const leg = query.slice(0, query.indexOf('| project'))
  const times = { TimeGenerated: String(record['time']), 'ingestion_time()': arrivedAt.toISOString() }
  return [...leg.matchAll(/(TimeGenerated|ingestion_time\(\)) (>=|>|<) datetime\(([^)]+)\)/g)].every(
    ([, of, sign, limit]) => {
      const [time, bound] = [times[of as keyof typeof times], limit as string]
      if (sign === '<') return Date.parse(time) < Date.parse(bound)
      return sign === '>' ? time > bound : Date.parse(time) >= Date.parse(bound)
    },
  )
}

type Rename = (name: string, value: unknown) => string

/** As the tables name them. https://learn.microsoft.com/azure/azure-monitor/reference/tables/azkvauditlogs */
const COLUMNS: Readonly<Record<WorkspaceServer['table'], Rename>> = {
  AZKVAuditLogs: (name) => name.charAt(0).toUpperCase() + name.slice(1),
  AzureDiagnostics: (name, value) => (typeof value === 'number' ? `${name}_d` : `${name}_s`),
}

function rowOf(table: WorkspaceServer['table'], { record, arrivedAt }: WrittenRecord): unknown[] {
  const { time, properties, identity, ...others } = record
  const inner = Object.entries((properties ?? {}) as LogRecord).map(([name, value]) => [
    COLUMNS[table](name, value),
    value,
  ])
  const outer = Object.entries(others).map(([name, value]) => [COLUMNS.AZKVAuditLogs(name, value), value])
  const claims = Object.entries(((identity ?? {}) as { claim?: LogRecord }).claim ?? {})
  const who =
    table === 'AZKVAuditLogs'
      ? { Identity: JSON.stringify(identity ?? {}) }
      : Object.fromEntries(claims.map(([name, value]) => [`identity_claim_${name}_s`, value]))
  const whole = { TimeGenerated: time, Type: table, ...Object.fromEntries([...outer, ...inner]), ...who }
  return [time, arrivedAt.toISOString(), JSON.stringify(whole)]
}

function failure(code: string): object {
  return { error: { code, message: code } }
}

function reply(status: number, body: object): HttpReply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}
