import type { ProviderAccess } from '../../src/kms/access.js'
import { examineAzure } from './examine.js'
import { readAzureKeyAccess } from './key-access/read.js'
import { AZURE_POLICY_FORMATS, azurePolicy } from './policy.js'

export const azureAccess: ProviderAccess = {
  ...{ formats: AZURE_POLICY_FORMATS, policy: azurePolicy, examine: examineAzure },
  readKeyAccess: readAzureKeyAccess,
}
