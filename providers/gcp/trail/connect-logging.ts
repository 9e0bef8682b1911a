import { ConfigurationError } from '../../../src/errors.js'
import { type GcpRestApi, type HeadersFor, restApi } from '../rest-api.js'

const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost)(:\d+)?$/

/**
 * REST with the credentials that the SDK finds: an entry then comes as the text that sinks deliver, too, which the SDK's
 * gRPC would take apart. An `endpoint` is a test server on this machine, to which no credentials are sent.
 */
export async function connectLogging(endpoint: string | undefined): Promise<GcpRestApi> {
  if (endpoint === undefined) return restApi(await credentials())
  if (!LOOPBACK.test(endpoint)) {
    throw new ConfigurationError('trail "gcp": "endpoint" is for a test server: http://127.0.0.1:<port>')
  }
  return restApi(async () => ({}), endpoint)
}

async function credentials(): Promise<HeadersFor> {
  try {
    const { Logging } = await import('@google-cloud/logging')
    const { auth } = new Logging()
    return (url) => auth.getRequestHeaders(url)
  } catch (cause) {
    throw new ConfigurationError('trail "gcp" needs the Google Cloud SDK: npm install @google-cloud/logging', { cause })
  }
}
