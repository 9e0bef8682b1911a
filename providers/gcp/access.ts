import type { ProviderAccess } from '../../src/kms/access.js'
import { examineGcp } from './examine.js'
import { readGcpKeyAccess } from './key-access/read.js'
import { GCP_POLICY_FORMATS, gcpPolicy } from './policy.js'

export const gcpAccess: ProviderAccess = {
  ...{ formats: GCP_POLICY_FORMATS, policy: gcpPolicy, examine: examineGcp },
  readKeyAccess: readGcpKeyAccess,
}
