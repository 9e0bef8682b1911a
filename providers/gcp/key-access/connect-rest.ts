import { ConfigurationError } from '../../../src/errors.js'
import { type GcpRestApi, type HeadersFor, restApi } from '../rest-api.js'

const SCOPES = ['https://www.googleapis.com/auth/cloud-platform']

/** With the credentials that the SDK of Cloud KMS finds. */
export async function connectRest(quotaProject: string | undefined): Promise<GcpRestApi> {
  return restApi(await credentials(quotaProject))
}

/** Not those of the KMS client: of a key file it makes a token that is good for Cloud KMS alone. */
export async function credentials(quotaProject: string | undefined): Promise<HeadersFor> {
  try {
    const { GoogleAuth } = await import('google-gax')
    const clientOptions = quotaProject === undefined ? {} : { quotaProjectId: quotaProject }
    const auth = new GoogleAuth({ scopes: SCOPES, clientOptions })
    return (url) => auth.getRequestHeaders(url)
  } catch (cause) {
    const message =
      'provider "gcp": roles and policies of a project are read with the package google-gax beside the SDK'
    throw new ConfigurationError(`${message}: npm install google-gax`, { cause })
  }
}
