import { KMS } from '@aws-sdk/client-kms'
import { AwsProvider } from '../../providers/aws/index.js'
import type { KmsOperation } from '../../src/kms/call-ledger.js'
import type { KekRef } from '../../src/kms/provider.js'
import {
  type KmsProviderUnderTest,
  ManualClock,
  type PlannedServerFault,
  type TestKmsServer,
} from '../../src/testing/index.js'

const OPERATIONS: Readonly<Record<string, KmsOperation>> = {
  DescribeKey: 'currentKek',
  GenerateDataKey: 'generateDataKey',
  Encrypt: 'wrap',
  Decrypt: 'unwrap',
  ReEncrypt: 'rewrap',
}
const RECHECK_MS = 60_000

/** A client of an identity of its own: the test servers and emulators go by the access key id. */
export function awsClient(server: TestKmsServer, identity: string, region = 'us-east-1'): KMS {
  const credentials = { accessKeyId: identity, secretAccessKey: 'test' }
  return new KMS({ endpoint: server.endpoint, region, credentials, maxAttempts: 1 })
}

/** A provider with a key of its own on `server`: the test server, or one in front of an emulator. */
export async function awsUnderTest(server: TestKmsServer): Promise<KmsProviderUnderTest & { provider: AwsProvider }> {
  const operator = awsClient(server, 'test')
  const { KeyMetadata } = await operator.createKey({})
  const KeyId = KeyMetadata!.Arn!
  const clock = new ManualClock()
  // An identity for each test, so that its faults and counts concern that test alone.
  const identity = `application${KeyMetadata!.KeyId!.replaceAll('-', '')}`
  const provider = new AwsProvider({
    client: awsClient(server, identity),
    region: 'us-east-1',
    key: KeyId,
    recheckMs: RECHECK_MS,
    clock,
  })
  const fail = async (fault: PlannedServerFault) => server.faults.add({ ...fault, identity })
  return {
    provider,
    rewraps: 'natively',
    control: {
      async newKekVersion() {
        await operator.rotateKeyOnDemand({ KeyId })
        await clock.advance(RECHECK_MS)
      },
      disable: async (_kek: KekRef) => void (await operator.disableKey({ KeyId })),
      destroy: async (_kek: KekRef) => void (await operator.scheduleKeyDeletion({ KeyId })),
      deny: () => fail({ fault: 'deny' }),
      throttle: () => fail({ fault: 'throttle' }),
      failWithServerError: () => fail({ fault: 'server error' }),
      hang: () => fail({ fault: 'hang' }),
      vendorCalls: () =>
        server.calls.filter((call) => call.identity === identity).map(({ operation }) => OPERATIONS[operation]!),
    },
  }
}
