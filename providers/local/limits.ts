import type { ProviderLimits } from '../../src/kms/limits.js'

/** Keys in the process: nothing is called. */
export const localLimits: ProviderLimits = {
  calls: { generateDataKey: 0, wrap: 0, unwrap: 0, rewrap: 0 },
  pricePer10000Calls: 0,
  sources: [],
}
