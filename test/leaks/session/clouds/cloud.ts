import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectAws } from '../../../../providers/aws/index.js'
import { connectAzure } from '../../../../providers/azure/index.js'
import { connectGcp } from '../../../../providers/gcp/index.js'
import { connectVault } from '../../../../providers/vault/index.js'
import type { KmsProvider } from '../../../../src/kms/provider.js'
import { type KmsProviderUnderTest, startTestKms, type TestKmsServer } from '../../../../src/testing/index.js'
import { awsUnderTest } from '../../../providers/aws-under-test.js'
import { azureUnderTest } from '../../../providers/azure-under-test.js'
import { closeGcpServer, gcpUnderTest } from '../../../providers/gcp-under-test.js'
import { vaultUnderTest } from '../../../providers/vault-under-test.js'
import type { Canaries } from '../../canaries.js'

type Section = Readonly<Record<string, string>>

/** The KMS of a vendor on its test server, whoever calls it by credentials that are canaries. */
export interface Cloud {
  readonly name: 'aws' | 'azure' | 'gcp' | 'vault'
  readonly server: TestKmsServer
  readonly underTest: KmsProviderUnderTest
  /** What a service would be configured with. */
  readonly section: Section
  /** What there is to configure in which a secret may be by mistake, with X where it is. */
  readonly mistaken: readonly Section[]
  /** Where nothing listens. */
  readonly elsewhere: Section
  connect(section: Section): Promise<KmsProvider>
  close(): Promise<void>
}

export type OpenCloud = (canaries: Canaries, folder: string) => Promise<Cloud>

async function openAws(canaries: Canaries): Promise<Cloud> {
  const server = await startTestKms('aws')
  const [accessKeyId, secretAccessKey] = ['application', canaries.text('the secret access key of AWS')]
  const deny = async () => server.faults.add({ fault: 'deny', identity: accessKeyId })
  const identityFor = async () => ({ accessKeyId, secretAccessKey, deny })
  const underTest = await awsUnderTest(server, { identityFor })
  const { id: key } = await underTest.provider.currentKek({})
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey })
  process.env.AWS_SESSION_TOKEN = canaries.text('the session token of AWS')
  return {
    ...{ name: 'aws', server, underTest, connect: connectAws, close: server.close },
    section: { key, region: 'us-east-1', endpoint: server.endpoint },
    mistaken: [{ endpoint: 'http://u:X@127.0.0.1:9' }, { secretAccessKey: 'X' }, { fips: 'X' }],
    elsewhere: { endpoint: 'http://127.0.0.1:9' },
  }
}

async function openAzure(canaries: Canaries, folder: string): Promise<Cloud> {
  const server = await startTestKms('azure')
  const token = canaries.text('the token of Azure')
  const tokenFile = join(folder, 'azure-token')
  writeFileSync(tokenFile, token, { mode: 0o600 })
  const underTest = await azureUnderTest(server, token)
  const { key, signingKey } = underTest.options
  const caFile = server.environment.WAXSEAL_AZURE_CA_FILE!
  return {
    ...{ name: 'azure', server, underTest, connect: connectAzure, close: server.close },
    section: { vaultUrl: server.endpoint, key, signingKey, caFile, tokenFile },
    mistaken: [{ vaultUrl: 'https://u:X@127.0.0.1:9' }, { clientSecret: 'X' }, { tokenFile: 'X' }, { unsigned: 'X' }],
    elsewhere: { vaultUrl: 'https://127.0.0.1:9' },
  }
}

async function openGcp(): Promise<Cloud> {
  const server = await startTestKms('gcp')
  const underTest = await gcpUnderTest(server)
  const close = () => closeGcpServer(server)
  return {
    ...{ name: 'gcp', server, underTest, connect: connectGcp, close },
    section: { key: underTest.key, endpoint: server.endpoint, insecure: 'true' },
    mistaken: [{ endpoint: 'https://u:X@127.0.0.1:9' }, { credentials: 'X' }, { insecure: 'X' }],
    elsewhere: { endpoint: '127.0.0.1:9' },
  }
}

async function openVault(canaries: Canaries): Promise<Cloud> {
  const server = await startTestKms('vault')
  const token = canaries.text('the token of Vault')
  const { key, ...underTest } = await vaultUnderTest(server, async () => token)
  return {
    ...{ name: 'vault', server, underTest, connect: connectVault, close: server.close },
    section: { address: server.endpoint, key, token },
    mistaken: [
      { address: 'http://u:X@127.0.0.1:9' },
      { password: 'X' },
      { tokenFile: 'X' },
      { token: 'X\nX' },
      { roleId: 'role', secretId: 'X' },
    ],
    elsewhere: { address: 'http://127.0.0.1:9' },
  }
}

export const CLOUDS: readonly OpenCloud[] = [openAws, openAzure, openGcp, openVault]
