export {
  type KmsProviderControl,
  type KmsProviderSuite,
  type KmsProviderUnderTest,
  testKmsProvider,
} from '../../src/testing/kms-provider-contract.js'
