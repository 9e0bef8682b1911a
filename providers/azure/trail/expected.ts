import type { ExpectedEvent } from '../../../src/audit/trail/provider-trail.js'

/** Records that nobody of ours caused, and that say nothing. */
export const expectedAzure: readonly ExpectedEvent[] = [
  // Every SDK asks without a token first, to be told where to get one.
  {
    id: 'azure-authentication-401/1',
    matches: ({ operation, status }) => operation === 'Authentication' && status === '401',
  },
  // Azure takes stock of its resources: of the vault itself, never of a key.
  {
    id: 'azure-resource-graph-vaultget/1',
    matches: ({ operation, userAgent = '' }) =>
      operation === 'VaultGet' && userAgent.includes('AzureResourceGraph.IngestionWorkerService'),
  },
]
