import type { TrailRecord } from '../../../src/audit/trail/audit-event.js'
import type {
  CursorValue,
  PostureCheck,
  ReaderState,
  TrailBatch,
  TrailReader,
} from '../../../src/audit/trail/trail-reader.js'
import { ConfigurationError } from '../../../src/errors.js'
import { arrivalWindow, formatArrivalCursor, parseArrivalCursor } from '../../../src/kms/arrival-windows.js'
import { textOptions } from '../../../src/kms/text-options.js'
import { parseJson, textAt } from '../../../src/kms/untrusted-json.js'
import { vaultUrlOf } from '../key-names.js'
import { connectVaultResource } from '../vault-resource.js'
import { connectWorkspace } from './connect-workspace.js'
import { type ProbeSettings, settingsProbe } from './diagnostic-settings.js'
import { trailFailure, type WorkspaceApi } from './workspace-api.js'
import { workspacePlace } from './workspace-place.js'
import { halvesOf, type QueryPart, WORKSPACE, wholeOf, workspaceQuery } from './workspace-query.js'

const CREDENTIALS = ['tenantId', 'clientId', 'tokenFile', 'caFile'] as const
const OPTIONS = ['vaultUrl', 'workspaceId', 'resourceId', ...CREDENTIALS, 'endpoint'] as const
/** Below this a window is not halved any more. */
const SHORTEST_MS = 1_000

/** `{ vaultUrl, workspaceId, resourceId?, tenantId?, clientId?, tokenFile?, caFile?, endpoint? }`. */
export async function connectWorkspaceReader(section: Readonly<Record<string, unknown>>): Promise<TrailReader> {
  const { vaultUrl = '', workspaceId, resourceId, endpoint, ...credentials } = textOptions('azure', section, OPTIONS)
  const url = vaultUrlOf(vaultUrl)
  if (url === undefined) {
    throw new ConfigurationError('trail "azure": "vaultUrl" must be that of the vault: https://<name>.vault.azure.net')
  }
  if (workspaceId === undefined) {
    throw new ConfigurationError('trail "azure": "workspaceId" is missing: the id of the Log Analytics workspace')
  }
  const vault = resourceId === undefined ? undefined : await connectVaultResource(url, resourceId, credentials)
  const options = { workspaceId, ...credentials, ...(endpoint !== undefined && { endpoint }) }
  const probeSettings = settingsProbe(vault, workspacePlace(workspaceId))
  return new WorkspaceReader(await connectWorkspace(options), new URL(url).host, probeSettings)
}

/** Reads the audit log of a vault from a Log Analytics workspace. */
class WorkspaceReader implements TrailReader {
  readonly provider = 'azure'
  readonly name = 'log-analytics'
  readonly scope: string
  readonly intervalMs = 120_000
  readonly #api: WorkspaceApi
  readonly #probeSettings: ProbeSettings

  constructor(api: WorkspaceApi, host: string, probeSettings: ProbeSettings) {
    this.#api = api
    this.scope = host
    this.#probeSettings = probeSettings
  }

  async probe(signal: AbortSignal): Promise<readonly PostureCheck[]> {
    return [...(await this.#probeSettings(signal)), await this.#arriving(signal)]
  }

  goesBackTo(now: Date, cursor: CursorValue): Date {
    const { arrivedFrom, happenedFrom } = arrivalWindow(WORKSPACE, parseArrivalCursor(cursor), now)
    return arrivedFrom ?? happenedFrom
  }

  async *read(now: Date, { cursor }: ReaderState, signal: AbortSignal): AsyncIterable<TrailBatch> {
    const window = arrivalWindow(WORKSPACE, parseArrivalCursor(cursor), now)
    for await (const records of this.#recordsOf(wholeOf(window), signal)) {
      if (records.length > 0) yield { records, cursor }
    }
    yield { records: [], cursor: formatArrivalCursor(window.cursor), covered: { ...window.covered, complete: true } }
  }

  async close(): Promise<void> {
    // Nothing is open between two queries.
  }

  async #arriving(signal: AbortSignal): Promise<PostureCheck> {
    const to = new Date()
    const part = { by: 'time', from: new Date(to.getTime() - 24 * 3_600_000), to, happenedFrom: to } as const
    const id = 'records-arrive'
    try {
      const rows = await this.#query(part, signal)
      if (rows === undefined || rows.length > 0) {
        return { id, state: 'ok', evidence: `${rows?.length ?? 'many'} records of the last day${tablesOf(rows)}` }
      }
      const evidence = 'no record of the last day is in the tables AZKVAuditLogs and AzureDiagnostics'
      return { id, state: 'unknown', evidence, remedy: 'send the category AuditEvent there by a diagnostic setting' }
    } catch (error) {
      signal.throwIfAborted()
      return { id, state: 'failed', evidence: (error as Error).message }
    }
  }

  /** An answer that is not whole is none: the window is asked for in halves. */
  async *#recordsOf(part: QueryPart, signal: AbortSignal): AsyncIterable<readonly TrailRecord[]> {
    const records = await this.#query(part, signal)
    if (records !== undefined) {
      yield records
      return
    }
    if (part.to.getTime() - part.from.getTime() < SHORTEST_MS) {
      throw trailFailure('a query of one second', { statusCode: 'only a part of the result' })
    }
    for (const half of halvesOf(part)) yield* this.#recordsOf(half, signal)
  }

  async #query(part: QueryPart, signal: AbortSignal): Promise<readonly TrailRecord[] | undefined> {
    try {
      const rows = await this.#api.query(workspaceQuery(this.scope, part), signal)
      return rows?.map(({ record, ingestedAt }) => ({ raw: record, ...(ingestedAt && { receivedAt: ingestedAt }) }))
    } catch (error) {
      signal.throwIfAborted()
      throw trailFailure('the workspace', error)
    }
  }
}

function tablesOf(records: readonly TrailRecord[] = []): string {
  const tables = new Set(records.flatMap(({ raw }) => textAt(parseJson(raw), 'Type') ?? []))
  return tables.size > 0 ? `, in ${[...tables].sort().join(', ')}` : ''
}
