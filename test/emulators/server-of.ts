import { afterAll } from '@jest/globals'
import { startTestKms, type TestKmsServer, type TestKmsVendor } from '../../src/testing/index.js'

/**
 * A front for the server that an environment variable names, which adds faults and counts calls. Undefined where the
 * variable is not set: then the suite has not run, which `REQUIRE_PROVIDERS` makes a failure.
 */
export async function frontOf(vendor: TestKmsVendor, variable: string): Promise<TestKmsServer | undefined> {
  const upstream = process.env[variable]
  if (!upstream) return undefined
  const server = await startTestKms(vendor, { upstream })
  afterAll(() => server.close())
  return server
}
