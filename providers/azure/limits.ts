import type { ProviderLimits } from '../../src/kms/limits.js'

/** Of RSA 2048 software keys: 4,000 transactions in 10 seconds. A wrap is signed; a rewrap is an unwrap and a wrap. */
export const azureLimits: ProviderLimits = {
  calls: { generateDataKey: 2, wrap: 2, unwrap: 1, rewrap: 3 },
  callsPerSecond: 400,
  pricePer10000Calls: 0.03,
  sources: [
    'https://learn.microsoft.com/azure/key-vault/general/service-limits',
    'https://azure.microsoft.com/pricing/details/key-vault/',
  ],
}
