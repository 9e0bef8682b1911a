import { afterAll, beforeAll, test } from '@jest/globals'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { testKmsProvider } from '../contract/kms-provider.js'
import { azureUnderTest } from './azure-under-test.js'
import { testEndToEnd } from './end-to-end.js'

let server: TestKmsServer

beforeAll(async () => {
  server = await startTestKms('azure')
})
afterAll(() => server.close())

const suite = { name: 'azure', create: () => azureUnderTest(server) }
testKmsProvider({ test }, suite)
testEndToEnd({ test }, { ...suite, disables: 'versions', mend: () => server.faults.clear() })
