import { ConfigurationError } from '../../src/errors.js'
import { textOptions } from '../../src/kms/text-options.js'
import type { AwsKeyInquiries, AwsKms, AwsSigning } from './client.js'
import { regionOf } from './key-arn.js'
import { AwsProvider, type AwsProviderOptions } from './provider.js'

const OPTIONS = ['key', 'region', 'previousKeys', 'grantTokens', 'endpoint', 'fips'] as const

/** The SDK's own would wait for ever. A call that is not answered by then is not answered at all. */
const CONNECTION_TIMEOUT_MS = 1_000
const REQUEST_TIMEOUT_MS = 4_000
/** More than the calls in flight that an operation makes; the SDK's default of 50 would queue them. */
const MAX_SOCKETS = 200

/**
 * The provider of a configuration section, every value a string: `key`, and optionally `region`, `previousKeys` and
 * `grantTokens` (separated by commas), `endpoint`, `fips` (`true`). Credentials and region come from where the AWS SDK looks
 * for them. Makes no call. Rejects with `ConfigurationError`, also when `@aws-sdk/client-kms` is not installed.
 */
export async function connectAws(section: Readonly<Record<string, unknown>>): Promise<AwsProvider> {
  return new AwsProvider(await connectAwsClient(section))
}

/** What `connectAws` gives the provider, with the client as it is. */
export async function connectAwsClient(section: Readonly<Record<string, unknown>>) {
  const options = textOptions('aws', section, OPTIONS)
  const { key } = options
  if (key === undefined) {
    throw new ConfigurationError('provider "aws": the option "key" is missing: a key ARN, a key id or an alias')
  }
  const client = await kmsOf(key, options)
  const [previousKeys, grantTokens] = [listOf(options.previousKeys), listOf(options.grantTokens)]
  const connected: AwsProviderOptions = { client, region: await regionOfClient(client), key, previousKeys, grantTokens }
  return { ...connected, client }
}

type Endpoint = Readonly<Partial<Record<'region' | 'endpoint' | 'fips', string>>>

/** The class `KMS` of the SDK, as far as it is used: no declaration names the SDK. */
interface ConnectedKms extends AwsKms, AwsKeyInquiries, AwsSigning {
  readonly config: { region(): Promise<string> }
}

/** The SDK's client for a key: in its region, unless another is named. */
export async function kmsOf(key: string, { region = regionOf(key), endpoint, fips }: Endpoint): Promise<ConnectedKms> {
  if (fips !== undefined && fips !== 'true')
    throw new ConfigurationError('provider "aws": "fips" must be true, or absent')
  if (fips !== undefined && endpoint !== undefined) {
    throw new ConfigurationError('provider "aws": "fips" chooses the endpoint; expected no "endpoint" beside it')
  }
  const { KMS } = await loadSdk()
  const client = new KMS({
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(fips !== undefined && { useFipsEndpoint: true }),
    // `RetryingProvider` is the only retry, so that each attempt is in the ledger.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      // Without it the SDK only logs that the time is over, and goes on waiting.
      throwOnRequestTimeout: true,
      httpsAgent: { maxSockets: MAX_SOCKETS },
      httpAgent: { maxSockets: MAX_SOCKETS },
    },
  })
  return client as ConnectedKms
}

async function loadSdk() {
  try {
    return await import('@aws-sdk/client-kms')
  } catch (cause) {
    throw new ConfigurationError('provider "aws" needs the AWS SDK: npm install @aws-sdk/client-kms', { cause })
  }
}

async function regionOfClient(client: Pick<ConnectedKms, 'config'>): Promise<string> {
  try {
    return await client.config.region()
  } catch {
    throw new ConfigurationError('provider "aws": no region; set the option "region", or AWS_REGION')
  }
}

function listOf(text: string | undefined): string[] {
  return (text ?? '').split(',').flatMap((each) => each.trim() || [])
}
