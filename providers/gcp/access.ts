import type { ProviderAccess } from '../../src/kms/access.js'
import { connectGcp } from './connect.js'
import { examineGcp } from './examine.js'
import { GCP_POLICY_FORMATS, gcpPolicy } from './policy.js'

export const gcpAccess: ProviderAccess = {
  ...{ formats: GCP_POLICY_FORMATS, policy: gcpPolicy, examine: examineGcp },
  async readKeyAccess(section, options) {
    const provider = await connectGcp(section)
    const { id } = await provider.currentKek({}, options)
    return [{ provider: 'gcp', kekId: id, principals: [], limits: [], unread: ['who may is not read from this KMS'] }]
  },
}
