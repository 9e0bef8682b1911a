import { afterAll, beforeAll, test } from '@jest/globals'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { testKmsProvider } from '../contract/kms-provider.js'
import { awsUnderTest } from './aws-under-test.js'
import { testEndToEnd } from './end-to-end.js'

let server: TestKmsServer

beforeAll(async () => {
  server = await startTestKms('aws')
})
afterAll(() => server.close())

const suite = { name: 'aws', create: () => awsUnderTest(server) }
testKmsProvider({ test }, suite)
testEndToEnd({ test }, { ...suite, disables: 'keys', mend: () => server.faults.clear() })
