import { type AzureCredentials, credentialOf, tlsOf } from './connect.js'
import { isLoopback } from './key-names.js'
import { AzureManagement } from './management.js'
import { assertResourceId } from './resource-id.js'

/** A vault as Azure Resource Manager knows it: where its log goes, and who may use it. */
export interface VaultResource {
  readonly id: string
  readonly management: AzureManagement
}

/** By the domain of its vaults, each cloud has another; in any other one nothing can be looked at. */
const MANAGEMENT: Readonly<Record<string, string>> = {
  'azure.net': 'https://management.azure.com',
  'azure.cn': 'https://management.chinacloudapi.cn',
  'usgovcloudapi.net': 'https://management.usgovcloudapi.net',
}

/** Makes no request. */
export async function connectVaultResource(
  vaultUrl: string,
  resourceId: string,
  credentials: AzureCredentials,
): Promise<VaultResource> {
  assertResourceId(vaultUrl, resourceId)
  const place = { origin: managementOf(vaultUrl), tokens: await credentialOf(credentials) }
  return { id: resourceId, management: new AzureManagement({ ...place, tls: await tlsOf(credentials) }) }
}

function managementOf(vaultUrl: string): string | undefined {
  const { hostname, origin } = new URL(vaultUrl)
  // A server for tests answers for both.
  if (isLoopback(hostname)) return origin
  return MANAGEMENT[Object.keys(MANAGEMENT).find((domain) => hostname.endsWith(`.${domain}`)) ?? '']
}
