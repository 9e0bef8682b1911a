import { execFileSync } from 'node:child_process'
import { test } from '@jest/globals'
import { testKmsProvider } from '../contract/kms-provider.js'
import { azureUnderTest } from '../providers/azure-under-test.js'
import { testEndToEnd } from '../providers/end-to-end.js'
import { declareNotRun } from './not-run.js'
import { frontOf } from './server-of.js'

const VARIABLE = 'WAXSEAL_TEST_AZURE_VAULT_URL'

/** Of the environment, or what its command prints; a server that takes any token is content with `test`. */
function token(): string {
  const { WAXSEAL_TEST_AZURE_TOKEN: given, WAXSEAL_TEST_AZURE_TOKEN_COMMAND: command } = process.env
  return given ?? (command ? execFileSync('sh', ['-c', command], { encoding: 'utf8' }).trim() : 'test')
}

const server = await frontOf('azure', VARIABLE)
if (server) {
  const create = () => {
    // One identity for all tests: the faults of the one before concern it as well.
    server.faults.clear()
    return azureUnderTest(server, token())
  }
  const suite = { name: 'azure', create }
  testKmsProvider({ test }, suite)
  testEndToEnd({ test }, { ...suite, disables: 'versions', mend: () => server.faults.clear() })
} else declareNotRun('Azure Key Vault', VARIABLE, { started: false })
