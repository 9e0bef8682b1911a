import { afterAll, beforeAll, test } from '@jest/globals'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { testKmsProvider } from '../contract/kms-provider.js'
import { awsUnderTest } from './aws-under-test.js'

let server: TestKmsServer

beforeAll(async () => {
  server = await startTestKms(
    'aws',
    process.env['SCRATCH_UPSTREAM'] ? { upstream: process.env['SCRATCH_UPSTREAM'] } : {},
  )
})
afterAll(() => server.close())

testKmsProvider({ test }, { name: 'aws', create: () => awsUnderTest(server) })
