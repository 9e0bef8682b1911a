import type { ProviderLimits } from '../../src/kms/limits.js'

/** Of software keys: 60,000 cryptographic requests a minute. A KMS without a rewrap: decrypted, then encrypted. */
export const gcpLimits: ProviderLimits = {
  calls: { generateDataKey: 1, wrap: 1, unwrap: 1, rewrap: 2 },
  callsPerSecond: 1_000,
  pricePer10000Calls: 0.03,
  sources: ['https://cloud.google.com/kms/quotas', 'https://cloud.google.com/kms/pricing'],
}
