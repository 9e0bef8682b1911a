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

/** Who calls the KMS. */
export interface AwsIdentity {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** From now on it may do nothing. */
  deny(): Promise<void>
}

export type AwsCredentials = Pick<AwsIdentity, 'accessKeyId' | 'secretAccessKey'>

/** May do everything, on the test server and on emulators. */
export const OPERATOR: AwsCredentials = { accessKeyId: 'test', secretAccessKey: 'test' }

export function awsClient({ endpoint }: TestKmsServer, credentials = OPERATOR, region = 'us-east-1'): KMS {
  const { accessKeyId, secretAccessKey } = credentials
  return new KMS({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 })
}

export interface AwsUnderTestOptions {
  /** An identity that may use the key. Default: one that the server believes without knowing it. */
  identityFor?(keyArn: string): Promise<AwsIdentity>
}

/** A provider with a key of its own on `server`: the test server, or one in front of an emulator. */
export async function awsUnderTest(
  server: TestKmsServer,
  { identityFor = async (keyArn) => believedIdentity(server, keyArn) }: AwsUnderTestOptions = {},
): Promise<KmsProviderUnderTest & { provider: AwsProvider }> {
  const operator = awsClient(server)
  const { KeyMetadata } = await operator.createKey({})
  const KeyId = KeyMetadata!.Arn!
  const clock = new ManualClock()
  // An identity for each test, so that its faults and counts concern that test alone.
  const identity = await identityFor(KeyId)
  const provider = new AwsProvider({
    client: awsClient(server, identity),
    region: 'us-east-1',
    key: KeyId,
    recheckMs: RECHECK_MS,
    clock,
  })
  const fail = async (fault: PlannedServerFault) => server.faults.add({ ...fault, identity: identity.accessKeyId })
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
      deny: () => identity.deny(),
      throttle: () => fail({ fault: 'throttle' }),
      failWithServerError: () => fail({ fault: 'server error' }),
      hang: () => fail({ fault: 'hang' }),
      vendorCalls: () =>
        server.calls
          .filter((call) => call.identity === identity.accessKeyId)
          .map(({ operation }) => OPERATIONS[operation]!),
    },
  }
}

function believedIdentity({ faults }: TestKmsServer, keyArn: string): AwsIdentity {
  const accessKeyId = `application${keyArn.slice(-36).replaceAll('-', '')}`
  return {
    accessKeyId,
    secretAccessKey: 'test',
    deny: async () => faults.add({ fault: 'deny', identity: accessKeyId }),
  }
}
