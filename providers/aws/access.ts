import type { ProviderAccess } from '../../src/kms/access.js'
import { examineAws } from './examine.js'
import { readAwsKeyAccess } from './key-access/read.js'
import { AWS_POLICY_FORMATS, awsPolicy } from './policy.js'

export const awsAccess: ProviderAccess = {
  ...{ formats: AWS_POLICY_FORMATS, policy: awsPolicy, examine: examineAws },
  readKeyAccess: readAwsKeyAccess,
}
