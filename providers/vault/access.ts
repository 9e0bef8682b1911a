import type { ProviderAccess } from '../../src/kms/access.js'
import { connectVault } from './connect.js'
import { examineVault } from './examine.js'
import { VAULT_POLICY_FORMATS, vaultPolicy } from './policy.js'

export const vaultAccess: ProviderAccess = {
  ...{ formats: VAULT_POLICY_FORMATS, policy: vaultPolicy, examine: examineVault },
  async readKeyAccess(section) {
    const provider = await connectVault(section)
    const { id } = await provider.currentKek({})
    return [{ provider: 'vault', kekId: id, principals: [], limits: [], unread: ['who may is not read from this KMS'] }]
  },
}
