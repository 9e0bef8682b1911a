import { ConfigurationError } from '../../../src/errors.js'
import { textAt } from '../../../src/kms/untrusted-json.js'
import { type AzureCredentials, credentialOf, tlsOf } from '../connect.js'
import type { WorkspaceApi, WorkspaceRow } from './workspace-api.js'

export interface WorkspaceOptions extends AzureCredentials {
  readonly workspaceId: string
  readonly endpoint?: string
}

/** What a query may take, on their side. */
const SERVER_SECONDS = 180

export async function connectWorkspace(options: WorkspaceOptions): Promise<WorkspaceApi> {
  const { LogsQueryClient, LogsQueryResultStatus } = await sdk()
  const client = new LogsQueryClient(await credentialOf(options), {
    ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
    // The mirror tries again, and knows when.
    retryOptions: { maxRetries: 0 },
    ...(await tlsOf(options)),
  })
  return {
    async query(text, signal) {
      try {
        // Times stand in the query.
        const settings = { abortSignal: signal, requestOptions: {}, serverTimeoutInSeconds: SERVER_SECONDS }
        const result = await client.queryWorkspace(options.workspaceId, text, { duration: 'P90D' }, settings)
        return result.status === LogsQueryResultStatus.Success ? rowsOf(result.tables[0]) : undefined
      } catch (error) {
        // What a workspace says that has never had a row.
        if (textAt(error, 'statusCode') === '204') return []
        throw error
      }
    },
  }
}

interface Table {
  readonly columnDescriptors: readonly { readonly name?: string }[]
  readonly rows: readonly (readonly unknown[])[]
}

function rowsOf(table: Table | undefined): WorkspaceRow[] {
  const names = table?.columnDescriptors.map(({ name }) => name) ?? []
  const [record, ingested] = [names.indexOf('Record'), names.indexOf('Ingested')]
  return (table?.rows ?? []).map((row) => {
    const ingestedAt = row[ingested]
    return { record: String(row[record]), ...(ingestedAt instanceof Date && { ingestedAt }) }
  })
}

async function sdk() {
  try {
    return await import('@azure/monitor-query-logs')
  } catch (cause) {
    throw new ConfigurationError(
      'trail "azure" needs the Azure SDK: npm install @azure/monitor-query-logs @azure/identity',
      { cause },
    )
  }
}
