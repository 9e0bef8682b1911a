import { ConfigurationError } from '../../src/errors.js'
import { textOptions } from '../../src/kms/text-options.js'
import type { GcpInquiries, GcpKms } from './client.js'
import { GcpProvider } from './provider.js'

const OPTIONS = ['key', 'previousKeys', 'endpoint', 'insecure', 'quotaProject'] as const
const ENDPOINT = /^([\w.-]+|\[[0-9a-f:]+\]):(\d{1,5})$/i

/**
 * The provider of a configuration section, every value a string: `key`, and optionally `previousKeys` (separated by commas),
 * `endpoint` (`host:port`), `insecure` (`true`: no TLS and no credentials, for test servers) and `quotaProject`. Credentials
 * come from where the Google Cloud SDK looks for them. Makes no call. Rejects with `ConfigurationError`, also when
 * `@google-cloud/kms` is not installed.
 */
export async function connectGcp(section: Readonly<Record<string, unknown>>): Promise<GcpProvider> {
  const { client, key, previousKeys } = await connectGcpClient(section)
  return new GcpProvider({ client, key, previousKeys })
}

/** What `connectGcp` gives the provider, with the client as it is, and whose quota its credentials use, or undefined for none. */
export async function connectGcpClient(section: Readonly<Record<string, unknown>>) {
  const { key, previousKeys, endpoint, insecure, quotaProject } = textOptions('gcp', section, OPTIONS)
  if (key === undefined) {
    throw new ConfigurationError(
      'provider "gcp": the option "key" is missing: projects/…/locations/…/keyRings/…/cryptoKeys/…',
    )
  }
  if (insecure !== undefined && insecure !== 'true') {
    throw new ConfigurationError('provider "gcp": "insecure" must be true, or absent')
  }
  if (insecure !== undefined && endpoint === undefined) {
    throw new ConfigurationError('provider "gcp": "insecure" is for a test server; expected its "endpoint" beside it')
  }
  if (insecure !== undefined && quotaProject !== undefined) {
    throw new ConfigurationError('provider "gcp": "quotaProject" goes with credentials; "insecure" sends none')
  }
  const [, apiEndpoint, port] = (endpoint === undefined ? undefined : ENDPOINT.exec(endpoint)) ?? []
  if (endpoint !== undefined && apiEndpoint === undefined) {
    throw new ConfigurationError(
      'provider "gcp": "endpoint" must be host:port, such as 127.0.0.1:9010; found something else',
    )
  }
  const { KeyManagementServiceClient } = await loadSdk()
  const gax = insecure === undefined ? undefined : await loadGax()
  const client = new KeyManagementServiceClient(
    {
      ...(apiEndpoint !== undefined && { apiEndpoint, port: Number(port) }),
      // Without a domain the SDK would look for credentials to learn it from.
      ...(gax && { sslCreds: gax.grpc.credentials.createInsecure(), universeDomain: 'googleapis.com' }),
      ...(quotaProject !== undefined && { clientOptions: { quotaProjectId: quotaProject } }),
      // REST would have other errors and other integers.
      fallback: false,
      // `RetryingProvider` is the only retry, so that each attempt is in the ledger.
      'grpc.enable_retries': 0,
      // A connection that broke without a word, as behind a firewall that forgot it, is noticed while nobody waits for it;
      // otherwise each call would reach its deadline until the system gives the connection up.
      'grpc.keepalive_time_ms': 30_000,
      'grpc.keepalive_timeout_ms': 5_000,
      'grpc.keepalive_permit_without_calls': 1,
    },
    gax,
  )
  const names = (previousKeys ?? '').split(',').flatMap((each) => each.trim() || [])
  const credentials = insecure === undefined ? { quotaProject } : undefined
  return { client: client as unknown as GcpKms & GcpInquiries, key, previousKeys: names, credentials }
}

async function loadSdk() {
  try {
    return await import('@google-cloud/kms')
  } catch (cause) {
    throw new ConfigurationError('provider "gcp" needs the Google Cloud SDK: npm install @google-cloud/kms', { cause })
  }
}

/** gRPC's switch for a channel without TLS is not in the SDK's own package. */
async function loadGax() {
  try {
    return await import('google-gax')
  } catch (cause) {
    throw new ConfigurationError('provider "gcp": "insecure" needs the package google-gax beside the SDK', { cause })
  }
}
