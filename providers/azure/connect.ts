import { readFile } from 'node:fs/promises'
import { ConfigurationError } from '../../src/errors.js'
import { textOptions } from '../../src/kms/text-options.js'
import type { AzureClient, AzureKeyInquiries } from './client.js'
import { followingOptions } from './following-options.js'
import { isLoopback, vaultUrlOf } from './key-names.js'
import { AzureProvider, type AzureProviderOptions } from './provider.js'
import { assertResourceId } from './resource-id.js'

const OPTIONS = [
  'vaultUrl',
  'key',
  'signingKey',
  'unsigned',
  'previousKeys',
  'resourceId',
  'tenantId',
  'clientId',
  'caFile',
  'tokenFile',
] as const
/** How long a token from a file is kept before the file is read again. */
const TOKEN_MS = 300_000

/**
 * The provider of a configuration section, every value a string: `vaultUrl`, `key`, and `signingKey` or `unsigned` (`true`);
 * optionally `previousKeys` (separated by commas), `resourceId` of the vault, `tenantId` and `clientId` (of a managed identity) for where the Azure SDK
 * looks for credentials, or `tokenFile` instead; `caFile`. Makes no call. Rejects with `ConfigurationError`, also when the
 * SDK is not installed.
 */
export async function connectAzure(section: Readonly<Record<string, unknown>>): Promise<AzureProvider> {
  return new AzureProvider(await connectAzureClient(section))
}

/** As text, each known. */
export function azureOptions(section: Readonly<Record<string, unknown>>) {
  return textOptions('azure', section, OPTIONS)
}

/** What `connectAzure` gives the provider; its client can be asked more about a key. */
export interface ConnectedAzure extends AzureProviderOptions {
  readonly client: AzureClient & AzureKeyInquiries
}

export async function connectAzureClient(section: Readonly<Record<string, unknown>>): Promise<ConnectedAzure> {
  const options = azureOptions(section)
  const { key, signingKey, unsigned } = options
  if (key === undefined) {
    throw new ConfigurationError('provider "azure": the option "key" is missing: the name of an RSA key in the vault')
  }
  if (unsigned !== undefined && unsigned !== 'true') {
    throw new ConfigurationError('provider "azure": "unsigned" must be true, or absent')
  }
  const client = await connectVault(options.vaultUrl, options)
  if (options.resourceId !== undefined) assertResourceId(client.vaultUrl, options.resourceId)
  return {
    client,
    key,
    ...(signingKey !== undefined && { signingKey }),
    unsigned: unsigned !== undefined,
    previousKeys: (options.previousKeys ?? '').split(',').flatMap((each) => each.trim() || []),
  }
}

/** One vault. Makes no call. */
export async function connectVault(
  url: string | undefined,
  credentials: AzureCredentials,
): Promise<ConnectedAzure['client']> {
  const vaultUrl = vaultUrlOf(url ?? '')
  if (vaultUrl === undefined) {
    throw new ConfigurationError('provider "azure": "vaultUrl" must be https://<name>.vault.azure.net, and no more')
  }
  const { KeyClient, CryptographyClient } = await load(() => import('@azure/keyvault-keys'))
  const [credential, tls] = [await credentialOf(credentials), await tlsOf(credentials)]
  const settings = {
    // `RetryingProvider` is the only retry, so that each attempt is in the ledger.
    retryOptions: { maxRetries: 0 },
    // No use of a key is anywhere else, and the token goes where the request goes.
    redirectOptions: { maxRetries: 0 },
    // A vault of Azure names the cloud that it is in, and the SDK compares; a server for tests cannot.
    disableChallengeResourceVerification: isLoopback(new URL(vaultUrl).hostname),
    ...tls,
  }
  return {
    vaultUrl,
    keys: new KeyClient(vaultUrl, credential, { ...settings }),
    cryptographyOf: (version) => new CryptographyClient(version, credential, { ...settings }),
    // Of this call alone the SDK passes no options on, so that a client of its own has them.
    getKeyRotationPolicy: (name, options) =>
      new KeyClient(vaultUrl, credential, {
        ...settings,
        additionalPolicies: [followingOptions(options)],
      }).getKeyRotationPolicy(name),
  }
}

/** Where the token comes from, and what is trusted. */
export type AzureCredentials = Readonly<Partial<Record<'tenantId' | 'clientId' | 'tokenFile' | 'caFile', string>>>

export async function tlsOf({ caFile }: AzureCredentials) {
  return caFile === undefined ? {} : { tlsOptions: { ca: await fileOf('caFile', caFile) } }
}

/** What the clients of the SDKs ask for a token: written down so that no declaration names an SDK. */
export interface AzureTokens {
  getToken(scopes: string | string[]): Promise<{ token: string; expiresOnTimestamp: number } | null>
}

export async function credentialOf({ tokenFile, tenantId, clientId }: AzureCredentials): Promise<AzureTokens> {
  if (tokenFile !== undefined) {
    await fileOf('tokenFile', tokenFile)
    return {
      async getToken() {
        return { token: (await fileOf('tokenFile', tokenFile)).trim(), expiresOnTimestamp: Date.now() + TOKEN_MS }
      },
    }
  }
  const { DefaultAzureCredential } = await load(() => import('@azure/identity'))
  return new DefaultAzureCredential({
    ...(tenantId !== undefined && { tenantId }),
    ...(clientId !== undefined && { managedIdentityClientId: clientId, workloadIdentityClientId: clientId }),
  })
}

async function fileOf(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new ConfigurationError(`provider "azure": "${option}" names a file that cannot be read (${code})`)
  }
}

async function load<T>(sdk: () => Promise<T>): Promise<T> {
  try {
    return await sdk()
  } catch (cause) {
    throw new ConfigurationError(
      `provider "azure" needs the Azure SDK: npm install @azure/keyvault-keys @azure/identity`,
      {
        cause,
      },
    )
  }
}
