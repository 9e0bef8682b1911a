import { randomUUID } from 'node:crypto'
import { connectAwsSigningKey } from '../../providers/aws/signing-key.js'
import { connectAzureSigningKey } from '../../providers/azure/signing-key.js'
import { connectGcpSigningKey } from '../../providers/gcp/signing-key.js'
import { connectVaultSigningKey } from '../../providers/vault/signing-key.js'
import type { KmsSigningKey } from '../../src/audit/integrity/kms-signer.js'
import type { SigningAlgorithm } from '../../src/audit/integrity/signature-type.js'
import type { TestKmsServer, TestKmsVendor } from '../../src/testing/index.js'
import { awsClient, OPERATOR } from './aws-under-test.js'
import { azureClient } from './azure-under-test.js'
import { gcpClient } from './gcp-under-test.js'
import { inventedToken, vaultOperator } from './vault-under-test.js'

/** A key pair of its own on `server`: the test server, or one in front of an emulator. */
export type SigningKeyUnderTest = (server: TestKmsServer, algorithm: SigningAlgorithm) => Promise<KmsSigningKey>

/** The section of a configuration for a new key. Credentials of AWS come from the environment, as always. */
export async function awsSigningSection(server: TestKmsServer, algorithm: SigningAlgorithm) {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: OPERATOR.accessKeyId,
    AWS_SECRET_ACCESS_KEY: OPERATOR.secretAccessKey,
  })
  const KeySpec = algorithm === 'ed25519' ? 'ECC_NIST_EDWARDS25519' : 'ECC_NIST_P256'
  const { KeyMetadata } = await awsClient(server).createKey({ KeySpec, KeyUsage: 'SIGN_VERIFY' })
  return { key: KeyMetadata!.Arn!, endpoint: server.endpoint }
}

export async function azureSigningSection(server: TestKmsServer) {
  const key = `log-${randomUUID()}`
  await (await azureClient(server, 'test')).keys.createEcKey(key)
  const { WAXSEAL_AZURE_CA_FILE: caFile, WAXSEAL_AZURE_TOKEN_FILE: tokenFile } = server.environment
  return { vaultUrl: server.endpoint, key, caFile: caFile!, tokenFile: tokenFile! }
}

export async function gcpSigningSection(server: TestKmsServer, algorithm: SigningAlgorithm) {
  const operator = gcpClient(server, 'operator')
  const parent = 'projects/test/locations/global/keyRings/test'
  const template = { algorithm: algorithm === 'ed25519' ? 'EC_SIGN_ED25519' : 'EC_SIGN_P256_SHA256' } as const
  const cryptoKey = { purpose: 'ASYMMETRIC_SIGN', versionTemplate: template } as const
  const [{ name }] = await operator.createCryptoKey({ parent, cryptoKeyId: `log-${randomUUID()}`, cryptoKey })
  return { key: `${name}/cryptoKeyVersions/1`, endpoint: server.endpoint, insecure: 'true' }
}

export async function vaultSigningSection(
  server: TestKmsServer,
  algorithm: SigningAlgorithm,
  issueToken = inventedToken,
) {
  const name = `log-${randomUUID()}`
  await vaultOperator(server, 'POST', `transit/keys/${name}`, { type: algorithm })
  return { address: server.endpoint, key: `transit/${name}`, token: await issueToken(`transit/${name}`) }
}

export const signingUnderTest: Readonly<Record<TestKmsVendor, SigningKeyUnderTest>> = {
  aws: async (server, algorithm) => connectAwsSigningKey(await awsSigningSection(server, algorithm)),
  azure: async (server) => connectAzureSigningKey(await azureSigningSection(server)),
  gcp: async (server, algorithm) => connectGcpSigningKey(await gcpSigningSection(server, algorithm)),
  vault: async (server, algorithm) => connectVaultSigningKey(await vaultSigningSection(server, algorithm)),
}
