export { FakeKms } from './fake-kms.js'
export { FaultPlan, type FaultScope } from './fault-plan.js'
export type { Fault, FaultedCall, KmsAnswer } from './faults.js'
export * as faults from './faults.js'
export { type FakeCall, FaultyProvider, type FaultyProviderOptions } from './faulty-provider.js'
export {
  type KmsProviderControl,
  type KmsProviderSuite,
  type KmsProviderUnderTest,
  testKmsProvider,
} from './kms-provider-contract.js'
export { ManualClock } from './manual-clock.js'
export type { PlannedServerFault, ServerFault, ServerFaultScope, ServerFaults } from './servers/server-faults.js'
export { startTestKms, TEST_KMS_VENDORS, type TestKmsVendor } from './servers/start-test-kms.js'
export type { ServerCall, TestKmsServer, TestKmsServerOptions } from './servers/test-kms-server.js'
export { startTemporaryPostgres, type TemporaryPostgres, type TemporaryPostgresOptions } from './temporary-postgres.js'
