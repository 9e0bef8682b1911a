import { test } from '@jest/globals'
import { connectVaultSigningKey } from '../../providers/vault/signing-key.js'
import { testKmsProvider } from '../contract/kms-provider.js'
import { testEndToEnd } from '../providers/end-to-end.js'
import { vaultSigningSection } from '../providers/signing-under-test.js'
import { vaultUnderTest } from '../providers/vault-under-test.js'
import { testCheckpointSigning } from './checkpoint-signing.js'
import { declareNotRun } from './not-run.js'
import { frontOf } from './server-of.js'
import { leastToken, prepareVault, signingToken } from './vault-operator.js'

const server = await frontOf('vault', 'WAXSEAL_TEST_VAULT_ADDR')
if (server) {
  await prepareVault(server)
  // Under what "waxseal policy vault" prints for a writer and for a rotator, and nothing else.
  const create = () => vaultUnderTest(server, (key) => leastToken(server, key, ['writer', 'rotator']))
  const suite = { name: 'vault', create }
  const declare = { test: (title: string, run: () => Promise<void>) => test(`OpenBao: ${title}`, run) }
  testKmsProvider(declare, suite)
  testEndToEnd(declare, { ...suite, disables: 'versions', mend: () => server.faults.clear() })
  testCheckpointSigning(declare.test, async (algorithm) =>
    connectVaultSigningKey(await vaultSigningSection(server, algorithm, (key) => signingToken(server, key))),
  )
} else declareNotRun('Vault on OpenBao', 'WAXSEAL_TEST_VAULT_ADDR')
