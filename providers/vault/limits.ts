import type { ProviderLimits } from '../../src/kms/limits.js'

/** A server of one's own: its limits are those of its operator, and it asks for nothing. */
export const vaultLimits: ProviderLimits = {
  calls: { generateDataKey: 1, wrap: 1, unwrap: 1, rewrap: 1 },
  pricePer10000Calls: 0,
  sources: ['https://openbao.org/docs/concepts/resource-quotas/'],
}
