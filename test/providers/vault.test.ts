import { afterAll, beforeAll, test } from '@jest/globals'
import { startTestKms, type TestKmsServer } from '../../src/testing/index.js'
import { testKmsProvider } from '../contract/kms-provider.js'
import { testEndToEnd } from './end-to-end.js'
import { vaultUnderTest } from './vault-under-test.js'

let server: TestKmsServer

beforeAll(async () => {
  server = await startTestKms('vault')
})
afterAll(() => server.close())

const suite = { name: 'vault', create: () => vaultUnderTest(server) }
testKmsProvider({ test }, suite)
testEndToEnd({ test }, { ...suite, disables: 'versions', mend: () => server.faults.clear() })
