import { ConfigurationError } from '../../../src/errors.js'
import type { GcpLoggingApi } from './logging-api.js'

const URLS = { logging: 'https://logging.googleapis.com', policy: 'https://cloudresourcemanager.googleapis.com' }
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost)(:\d+)?$/

/**
 * REST with the credentials that the SDK finds: an entry then comes as the text that sinks deliver, too, which the SDK's
 * gRPC would take apart. An `endpoint` is a test server on this machine, to which no credentials are sent.
 */
export async function connectLogging(endpoint: string | undefined): Promise<GcpLoggingApi> {
  if (endpoint !== undefined && !LOOPBACK.test(endpoint)) {
    throw new ConfigurationError('trail "gcp": "endpoint" is for a test server: http://127.0.0.1:<port>')
  }
  const headersFor = endpoint === undefined ? await credentials() : async () => ({})
  return {
    async ask(method, of, path, body, signal) {
      const url = `${endpoint ?? URLS[of]}${path}`
      const headers = new Headers({ ...Object.fromEntries(new Headers(await headersFor(url))) })
      headers.set('content-type', 'application/json')
      const response = await fetch(url, { method, headers, signal, ...(body && { body: JSON.stringify(body) }) })
      return { status: response.status, text: await response.text() }
    },
  }
}

async function credentials(): Promise<(url: string) => Promise<ConstructorParameters<typeof Headers>[0]>> {
  try {
    const { Logging } = await import('@google-cloud/logging')
    const { auth } = new Logging()
    return (url) => auth.getRequestHeaders(url)
  } catch (cause) {
    throw new ConfigurationError('trail "gcp" needs the Google Cloud SDK: npm install @google-cloud/logging', { cause })
  }
}
