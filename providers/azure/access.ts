import type { ProviderAccess } from '../../src/kms/access.js'
import { connectAzure } from './connect.js'
import { examineAzure } from './examine.js'
import { AZURE_POLICY_FORMATS, azurePolicy } from './policy.js'

export const azureAccess: ProviderAccess = {
  ...{ formats: AZURE_POLICY_FORMATS, policy: azurePolicy, examine: examineAzure },
  async readKeyAccess(section, options) {
    const provider = await connectAzure(section)
    const { id } = await provider.currentKek({}, options)
    return [{ provider: 'azure', kekId: id, principals: [], limits: [], unread: ['who may is not read from this KMS'] }]
  },
}
