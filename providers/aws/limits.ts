import type { ProviderLimits } from '../../src/kms/limits.js'

/**
 * The quota is that of a region without a higher one of its own. ReEncrypt is one request; a wrap is Encrypt, and Decrypt,
 * which tells the key material.
 */
export const awsLimits: ProviderLimits = {
  calls: { generateDataKey: 1, wrap: 2, unwrap: 1, rewrap: 1 },
  callsPerSecond: 10_000,
  pricePer10000Calls: 0.03,
  sources: [
    'https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html',
    'https://aws.amazon.com/kms/pricing/',
  ],
}
