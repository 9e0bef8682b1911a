import { ConfigurationError } from '../../../src/errors.js'

/** The client of CloudTrail in the Region of the options, else of the environment. */
export async function cloudTrailOf({ region, endpoint }: { readonly region?: string; readonly endpoint?: string }) {
  const { CloudTrail } = await loadSdk()
  const client = new CloudTrail({
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    // The reader tries again itself, within the one request a second that it allows itself.
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
  })
  return { client, region: await regionOf(client) }
}

async function loadSdk() {
  try {
    return await import('@aws-sdk/client-cloudtrail')
  } catch (cause) {
    const install = 'npm install @aws-sdk/client-cloudtrail'
    throw new ConfigurationError(`provider "aws": its audit trail needs the AWS SDK: ${install}`, { cause })
  }
}

async function regionOf(client: { readonly config: { region(): Promise<string> } }): Promise<string> {
  try {
    return await client.config.region()
  } catch {
    throw new ConfigurationError('provider "aws": no region of the trail; set the option "region", or AWS_REGION')
  }
}
