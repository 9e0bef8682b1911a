import { ConfigurationError } from '../../src/errors.js'
import type { AccessRole, PolicyDocument, PolicyRequest } from '../../src/kms/access.js'

export const AZURE_POLICY_FORMATS = ['az'] as const

/** Below `Microsoft.KeyVault/vaults/`. https://learn.microsoft.com/azure/role-based-access-control/permissions/security#microsoftkeyvault */
interface DataActions {
  readonly kek: readonly string[]
  readonly signer: readonly string[]
}

const WRITES: DataActions = {
  kek: ['keys/read', 'keys/wrap/action', 'keys/unwrap/action'],
  signer: ['keys/read', 'keys/sign/action'],
}
/** What each role does with the key that wraps and with the one that signs. */
const DATA_ACTIONS: Readonly<Record<AccessRole, DataActions>> = {
  writer: WRITES,
  // Signatures are verified with the public key, which is read.
  reader: { kek: ['keys/unwrap/action'], signer: ['keys/read'] },
  rotator: WRITES,
  auditor: { kek: ['keys/read', 'keyrotationpolicies/read'], signer: ['keys/read'] },
}
/** Who may use the keys, and where their log goes, is asked of Azure Resource Manager. */
const OF_THE_VAULT = [
  'Microsoft.KeyVault/vaults/read',
  'Microsoft.Authorization/roleAssignments/read',
  'Microsoft.Authorization/roleDefinitions/read',
  'Microsoft.Insights/diagnosticSettings/read',
]
const KEY_ID = /^https:\/\/([a-z0-9-]+)\.vault\.[a-z.-]+\/keys\/([A-Za-z0-9-]{1,127})\/?$/

/**
 * Commands of the Azure CLI that grant the role on the two keys alone. The built-in roles are too wide: "Key Vault Crypto
 * User" may also change and back up keys, decrypt and sign.
 */
export function azurePolicy({ role, key, entities, principal }: PolicyRequest): PolicyDocument[] {
  const [, vault, name] = KEY_ID.exec(key) ?? []
  if (vault === undefined || name === undefined) {
    throw new ConfigurationError(
      'provider "azure": a policy names a key by its URL, without a version (https://<vault>.vault.azure.net/keys/<name>)',
    )
  }
  if (entities.length > 0) {
    throw new ConfigurationError(
      'provider "azure": Key Vault sees no encryption context and cannot grant by entity; use a key for each group of them',
    )
  }
  const { kek, signer } = DATA_ACTIONS[role]
  const text = [
    `assignee='${principal ?? '<object id of the identity>'}'`,
    `kek='${name}'`,
    `signer='<name of the signing key>'`,
    `vault=$(az keyvault show --name ${vault} --query id --output tsv)`,
    grant(`waxseal-${role}-kek`, dataActions(kek), '/keys/$kek'),
    grant(`waxseal-${role}-signer`, dataActions(signer), '/keys/$signer'),
    ...(role === 'auditor' ? [grant('waxseal-auditor-vault', { Actions: OF_THE_VAULT }, '')] : []),
    '',
  ].join('\n')
  return [{ title: `az commands for the ${role}; roles are defined once in a resource group`, text }]
}

function dataActions(actions: readonly string[]) {
  return { DataActions: actions.map((action) => `Microsoft.KeyVault/vaults/${action}`) }
}

/** `scope` is below the vault. */
function grant(role: string, permissions: Readonly<Record<string, readonly string[]>>, scope: string): string {
  const definition = {
    Name: role,
    IsCustom: true,
    Description: role,
    Actions: [],
    DataActions: [],
    ...permissions,
    AssignableScopes: ['SCOPE'],
  }
  // The scope is known to the shell only.
  const json = JSON.stringify(definition).replace('SCOPE', `'"\${vault%/providers/*}"'`)
  return [
    `az role definition create --role-definition '${json}'`,
    `az role assignment create --role ${role} --assignee-object-id "$assignee" --scope "$vault${scope}"`,
  ].join('\n')
}
