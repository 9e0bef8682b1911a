import type { ProviderAccess } from '../../src/kms/access.js'
import { examineVault } from './examine.js'
import { readVaultKeyAccess } from './key-access/read.js'
import { VAULT_POLICY_FORMATS, vaultPolicy } from './policy.js'

export const vaultAccess: ProviderAccess = {
  ...{ formats: VAULT_POLICY_FORMATS, policy: vaultPolicy, examine: examineVault },
  readKeyAccess: readVaultKeyAccess,
}
