import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { CryptographyClient, KeyClient, type KeyClientOptions, type KeyVaultKey } from '@azure/keyvault-keys'
import { AzureProvider, type AzureProviderOptions } from '../../providers/azure/index.js'
import type { KmsOperation } from '../../src/kms/call-ledger.js'
import type { KekRef } from '../../src/kms/provider.js'
import {
  type KmsProviderUnderTest,
  ManualClock,
  type PlannedServerFault,
  type TestKmsServer,
} from '../../src/testing/index.js'

type Policy = NonNullable<KeyClientOptions['additionalPolicies']>[number]['policy']

/** Signing is a part of wrapping; what the SDK asks without a token is counted for nobody. */
const OPERATIONS: Readonly<Record<string, KmsOperation>> = {
  KeyGet: 'currentKek',
  KeyWrap: 'wrap',
  KeyUnwrap: 'unwrap',
}
/** Half of the default. */
export const RECHECK_MS = 30_000

/** The SDK on a server, with a token that is who calls. `onRequest` sees each request as it is sent. */
export async function azureClient(
  server: TestKmsServer,
  token: string,
  onRequest: (request: Parameters<Policy['sendRequest']>[0]) => unknown = () => undefined,
) {
  const ca = await readFile(server.environment['WAXSEAL_AZURE_CA_FILE'] as string, 'utf8')
  const credential = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) }
  const policy: Policy = {
    name: 'onRequest',
    sendRequest(request, next) {
      onRequest(request)
      return next(request)
    },
  }
  const settings: KeyClientOptions = {
    retryOptions: { maxRetries: 0 },
    disableChallengeResourceVerification: true,
    tlsOptions: { ca },
    additionalPolicies: [{ policy, position: 'perRetry' }],
  }
  return {
    vaultUrl: server.endpoint,
    keys: new KeyClient(server.endpoint, credential, { ...settings }),
    cryptographyOf: (key: KeyVaultKey) => new CryptographyClient(key, credential, { ...settings }),
    ...{ credential, settings },
  }
}

/** The current version of the KEK, as clients are made with. */
export async function azureVersionOf({ operator, options }: AzureUnderTest) {
  const { id, name, properties } = await operator.keys.getKey(options.key)
  const { vaultUrl, version } = properties
  return { id: id as string, name, properties: { vaultUrl, name, version: version as string } }
}

export interface AzureUnderTest extends KmsProviderUnderTest {
  readonly provider: AzureProvider
  readonly options: AzureProviderOptions & { readonly signingKey: string }
  readonly clock: ManualClock
  readonly identity: string
  readonly operator: Awaited<ReturnType<typeof azureClient>>
}

/**
 * A provider with two keys of its own on `server`, and an identity, so that its faults and counts concern it alone. With
 * the `token` of a server that looks at it, there is one identity for everybody.
 */
export async function azureUnderTest(server: TestKmsServer, token?: string): Promise<AzureUnderTest> {
  const operator = await azureClient(server, token ?? 'test')
  const [key, signingKey] = [`kek-${randomUUID()}`, `signer-${randomUUID()}`]
  // One after the other: the SDK can lose what it sends at once with its first request.
  await operator.keys.createRsaKey(key, { keySize: 2_048 })
  await operator.keys.createEcKey(signingKey)
  const identity = token === undefined ? `application-${randomUUID()}` : (server.calls.at(-1)?.identity as string)
  const clock = new ManualClock(new Date())
  const client = await azureClient(server, token ?? identity)
  const options = { client, key, signingKey, recheckMs: RECHECK_MS, clock }
  const fail = async (fault: PlannedServerFault) => server.faults.add({ ...fault, identity })
  const recheck = () => clock.advance(RECHECK_MS)
  return {
    provider: new AzureProvider(options),
    ...{ options, clock, identity, operator },
    rewraps: 'by unwrap and wrap',
    control: {
      async newKekVersion() {
        await operator.keys.rotateKey(key)
        await recheck()
      },
      async disable({ version }: KekRef) {
        await operator.keys.updateKeyProperties(key, version, { enabled: false })
        await recheck()
      },
      async destroy(_kek: KekRef) {
        await operator.keys.beginDeleteKey(key)
        await recheck()
      },
      deny: () => fail({ fault: 'deny' }),
      throttle: () => fail({ fault: 'throttle' }),
      failWithServerError: () => fail({ fault: 'server error' }),
      hang: () => fail({ fault: 'hang' }),
      vendorCalls: () =>
        server.calls
          .filter((call) => call.identity === identity)
          .flatMap(({ operation }) => OPERATIONS[operation] ?? []),
    },
  }
}
