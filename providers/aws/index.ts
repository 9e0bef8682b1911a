export { awsTrail } from './audit-trail.js'
export type { AwsKms } from './client.js'
export { connectAws } from './connect.js'
export { AwsProvider, type AwsProviderOptions } from './provider.js'
