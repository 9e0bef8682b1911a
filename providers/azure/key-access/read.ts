import type { KeyAccess } from '../../../src/kms/key-access.js'
import type { CallOptions } from '../../../src/kms/provider.js'
import { azureOptions, connectAzureClient } from '../connect.js'
import { kekIdOf } from '../key-names.js'
import type { ManagementAnswer } from '../management.js'
import { isManagedHsm } from '../resource-id.js'
import { connectVaultResource } from '../vault-resource.js'
import { azurePrincipals } from './principals.js'
import { roleOf } from './role-assignments.js'

const LIMITS = [
  'Azure: who is in a group, may act as an application or a managed identity, or is eligible for a role that he has not activated (PIM) is not followed.',
  'Azure: administrators of the tenant, who may give themselves access to everything, and those of another tenant by Azure Lighthouse are not listed.',
  'Azure: deny assignments, conditional access and the firewall of the vault only take away, and are not looked at.',
]
const VAULTS = '2023-07-01'
const AUTHORIZATION = '2022-04-01'

/** The vault with its access policies, the role assignments at each key and above it, and their roles once. */
export async function readAzureKeyAccess(
  section: Readonly<Record<string, unknown>>,
  { signal }: CallOptions,
): Promise<readonly KeyAccess[]> {
  const { client, key, previousKeys = [] } = await connectAzureClient(section)
  const { resourceId, ...options } = azureOptions(section)
  const keys = [key, ...previousKeys]
  const accessOf = (name: string, found: Pick<KeyAccess, 'principals' | 'unread'>): KeyAccess => {
    return { provider: 'azure', kekId: kekIdOf(client.vaultUrl, name), limits: LIMITS, ...found }
  }
  const unlisted = (reason: string) => keys.map((name) => accessOf(name, { principals: [], unread: [reason] }))
  if (resourceId === undefined) {
    return unlisted('who may was not asked for without "resourceId", which "az keyvault show --query id" prints')
  }
  if (isManagedHsm(resourceId)) return unlisted('the roles that a Managed HSM has of its own are not read')
  const { id, management } = await connectVaultResource(client.vaultUrl, resourceId, options)
  const ofVault: string[] = []
  const roles = new Map<string, unknown>()
  const vault = readOr(undefined, await management.get(id, VAULTS, signal), 'the vault', ofVault)
  const found: KeyAccess[] = []
  for (const name of keys) {
    const unread: string[] = []
    const path = `${id}/keys/${name}/providers/Microsoft.Authorization/roleAssignments`
    const query = { 'api-version': AUTHORIZATION, $filter: 'atScope()' }
    const listed = await management.list(path, query, signal)
    const assignments = readOr([], listed, `the role assignments of ${name}`, unread)
    for (const role of new Set(assignments.flatMap((each) => roleOf(each)?.toLowerCase() ?? []))) {
      if (roles.has(role)) continue
      const definition = await management.get(role, AUTHORIZATION, signal)
      roles.set(role, readOr(undefined, definition, `the role ${role}`, ofVault))
    }
    const { principals, unread: unknown } = azurePrincipals({ vault, assignments, roles })
    found.push(accessOf(name, { principals, unread: [...ofVault, ...unread, ...unknown] }))
  }
  return found
}

function readOr<T>(other: T, answer: ManagementAnswer<T>, what: string, unread: string[]): T {
  if ('found' in answer) return answer.found
  unread.push(`${what} could not be read: ${answer.unread}`)
  return other
}
