export { azureTrail } from './audit-trail.js'
export type { AzureClient } from './client.js'
export { connectAzure } from './connect.js'
export { AzureProvider, type AzureProviderOptions } from './provider.js'
