import { FaultyProvider, faults, type KmsProviderUnderTest } from '../../src/testing/index.js'

/** The fake KMS, as the contract wants it: by itself, or inside of what surrounds a provider. */
export function faultyUnderTest(): KmsProviderUnderTest & { readonly provider: FaultyProvider } {
  const provider = new FaultyProvider()
  const { kms } = provider
  return {
    provider,
    rewraps: 'natively',
    control: {
      newKekVersion: async () => void kms.rotate(),
      disable: async ({ version }) => kms.disable(version),
      destroy: async ({ version }) => kms.destroy(version),
      deny: async () => provider.faults.inject(faults.deny()),
      throttle: async () => provider.faults.inject(faults.throttle()),
      failWithServerError: async () => provider.faults.inject(faults.failWithServerError()),
      hang: async () => provider.faults.inject(faults.hang()),
      vendorCalls: () => provider.calls.map(({ operation }) => operation),
    },
  }
}
