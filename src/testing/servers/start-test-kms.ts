import type { StartTestKmsServer, TestKmsServer, TestKmsServerOptions } from './test-kms-server.js'

/** Every vendor that has a test server, loaded when it is asked for: some need the vendor's SDK. */
const SERVERS = {
  aws: async () => (await import('./aws/server.js')).startAwsServer,
  azure: async () => (await import('./azure/server.js')).startAzureServer,
  gcp: async () => (await import('./gcp/server.js')).startGcpServer,
  vault: async () => (await import('./vault/server.js')).startVaultServer,
} satisfies Record<string, () => Promise<StartTestKmsServer>>

export type TestKmsVendor = keyof typeof SERVERS

export const TEST_KMS_VENDORS = Object.keys(SERVERS) as readonly TestKmsVendor[]

/**
 * Starts a KMS of one vendor on the loopback interface, which the vendor's own SDK speaks to: real cryptography, the cloud's
 * error codes, no account, no key on disk. For the tests of a service as well as our own.
 */
export async function startTestKms(vendor: TestKmsVendor, options: TestKmsServerOptions = {}): Promise<TestKmsServer> {
  const start = await load(vendor)
  return start(options)
}

let loading: Promise<unknown> = Promise.resolve()

/** One after the other: jest 30 fails where two imports at a time share a module ("is not in cache"). */
function load(vendor: TestKmsVendor): Promise<StartTestKmsServer> {
  const loaded = loading.then<StartTestKmsServer>(SERVERS[vendor])
  loading = loaded.catch(() => undefined)
  return loaded
}
