import { afterAll, test } from '@jest/globals'
import { testKmsProvider } from '../contract/kms-provider.js'
import { withLimits } from '../contract/server-limits.js'
import { testEndToEnd } from '../providers/end-to-end.js'
import { closeGcpClients, gcpUnderTest } from '../providers/gcp-under-test.js'
import { gcpLimits } from './gcp-limits.js'
import { declareNotRun } from './not-run.js'
import { frontOf } from './server-of.js'

const VARIABLE = 'WAXSEAL_TEST_GCP_ENDPOINT'

const server = await frontOf('gcp', VARIABLE)
if (server) {
  afterAll(() => closeGcpClients(server))
  const declare = withLimits((title, run) => test(title, run), await gcpLimits(server))
  const suite = { name: 'gcp', create: () => gcpUnderTest(server) }
  testKmsProvider({ test: declare }, suite)
  testEndToEnd({ test: declare }, { ...suite, disables: 'versions', mend: () => server.faults.clear() })
} else declareNotRun('Google Cloud KMS', VARIABLE, { started: false })
