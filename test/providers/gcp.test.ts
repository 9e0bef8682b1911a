import { afterAll, beforeAll, test } from '@jest/globals'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { testKmsProvider } from '../contract/kms-provider.js'
import { closeGcpServer, gcpUnderTest } from './gcp-under-test.js'

let server: TestKmsServer

beforeAll(async () => {
  server = await startTestKms('gcp')
})
afterAll(() => closeGcpServer(server))

testKmsProvider({ test }, { name: 'gcp', create: () => gcpUnderTest(server) })
