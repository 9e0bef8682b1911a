import { afterAll, beforeAll, test } from '@jest/globals'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { testKmsProvider } from '../contract/kms-provider.js'
import { testEndToEnd } from './end-to-end.js'
import { closeGcpServer, gcpUnderTest } from './gcp-under-test.js'

let server: TestKmsServer

beforeAll(async () => {
  server = await startTestKms('gcp')
})
afterAll(() => closeGcpServer(server))

const suite = { name: 'gcp', create: () => gcpUnderTest(server) }
testKmsProvider({ test }, suite)
testEndToEnd({ test }, { ...suite, disables: 'versions', mend: () => server.faults.clear() })
