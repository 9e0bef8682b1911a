import { randomUUID } from 'node:crypto'
import { KeyManagementServiceClient } from '@google-cloud/kms'
import gax from 'google-gax'
import { GcpProvider } from '../../providers/gcp/index.js'
import type { KmsOperation } from '../../src/kms/call-ledger.js'
import type { KekRef } from '../../src/kms/provider.js'
import {
  type KmsProviderUnderTest,
  ManualClock,
  type PlannedServerFault,
  type TestKmsServer,
} from '../../src/testing/index.js'

const OPERATIONS: Readonly<Record<string, KmsOperation>> = {
  GetCryptoKey: 'currentKek',
  Encrypt: 'wrap',
  Decrypt: 'unwrap',
}
const RECHECK_MS = 60_000
const LOCATION = 'projects/test/locations/global'

/** Closed with the server that they lead to: open channels try to reach it again. */
const clients = new Map<TestKmsServer, KeyManagementServiceClient[]>()

/** A client of an identity of its own: without TLS the test server goes by the user agent. */
export function clientOf(endpoint: string, identity: string): KeyManagementServiceClient {
  const [apiEndpoint, port] = endpoint.split(':')
  return new KeyManagementServiceClient({
    apiEndpoint: apiEndpoint!,
    port: Number(port),
    sslCreds: gax.grpc.credentials.createInsecure(),
    universeDomain: 'googleapis.com',
    'grpc.primary_user_agent': identity,
  })
}

/** As `clientOf`, closed by `closeGcpServer`. */
export function gcpClient(server: TestKmsServer, identity: string): KeyManagementServiceClient {
  const client = clientOf(server.endpoint, identity)
  clients.set(server, [...(clients.get(server) ?? []), client])
  return client
}

export async function closeGcpClients(server: TestKmsServer): Promise<void> {
  await Promise.all((clients.get(server) ?? []).map((client) => client.close()))
  clients.delete(server)
}

export async function closeGcpServer(server: TestKmsServer): Promise<void> {
  await closeGcpClients(server)
  await server.close()
}

export interface GcpUnderTest extends KmsProviderUnderTest {
  readonly provider: GcpProvider
  readonly operator: KeyManagementServiceClient
  readonly clock: ManualClock
  readonly identity: string
  readonly key: string
  fail(fault: PlannedServerFault): Promise<void>
}

/** A provider with a key of its own on `server`: the test server, or one in front of an emulator. */
export async function gcpUnderTest(server: TestKmsServer): Promise<GcpUnderTest> {
  const operator = gcpClient(server, 'operator')
  // An identity for each test, so that its faults and counts concern that test alone.
  const identity = `application-${randomUUID()}`
  const [ring] = await operator.createKeyRing({ parent: LOCATION, keyRingId: identity })
  const [{ name }] = await operator.createCryptoKey({
    parent: ring.name!,
    cryptoKeyId: 'kek',
    cryptoKey: { purpose: 'ENCRYPT_DECRYPT' },
  })
  const key = name!
  const clock = new ManualClock()
  const provider = new GcpProvider({ client: gcpClient(server, identity), key, recheckMs: RECHECK_MS, clock })
  const fail = async (fault: PlannedServerFault) => server.faults.add({ ...fault, identity })
  const nameOf = (kek: KekRef) => `${key}/cryptoKeyVersions/${kek.version}`
  return {
    provider,
    operator,
    clock,
    identity,
    key,
    fail,
    rewraps: 'by unwrap and wrap',
    control: {
      async newKekVersion() {
        const [version] = await operator.createCryptoKeyVersion({ parent: key, cryptoKeyVersion: {} })
        const cryptoKeyVersionId = version.name!.split('/').at(-1)!
        await operator.updateCryptoKeyPrimaryVersion({ name: key, cryptoKeyVersionId })
        await clock.advance(RECHECK_MS)
      },
      async disable(kek) {
        const cryptoKeyVersion = { name: nameOf(kek), state: 'DISABLED' as const }
        await operator.updateCryptoKeyVersion({ cryptoKeyVersion, updateMask: { paths: ['state'] } })
      },
      destroy: async (kek) => void (await operator.destroyCryptoKeyVersion({ name: nameOf(kek) })),
      deny: () => fail({ fault: 'deny' }),
      throttle: () => fail({ fault: 'throttle' }),
      failWithServerError: () => fail({ fault: 'server error' }),
      hang: () => fail({ fault: 'hang' }),
      vendorCalls: () =>
        server.calls.filter((call) => call.identity === identity).map(({ operation }) => OPERATIONS[operation]!),
    },
  }
}
