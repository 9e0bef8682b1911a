import { afterAll, beforeAll, test } from '@jest/globals'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { testKmsProvider } from '../contract/kms-provider.js'
import { azureUnderTest } from './azure-under-test.js'

let server: TestKmsServer

beforeAll(async () => {
  server = await startTestKms('azure')
})
afterAll(() => server.close())

testKmsProvider({ test }, { name: 'azure', create: () => azureUnderTest(server) })
