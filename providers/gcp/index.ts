export { gcpTrail } from './audit-trail.js'
export type { GcpKms } from './client.js'
export { connectGcp } from './connect.js'
export { GcpProvider, type GcpProviderOptions } from './provider.js'
