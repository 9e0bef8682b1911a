import { randomBytes } from 'node:crypto'
import { KeyManagementServiceClient } from '@google-cloud/kms'
import gax from 'google-gax'
import { canonicalContext } from 'waxseal/kms'
import { connectGcp } from 'waxseal/providers/gcp'
import { CONTEXT, type ConnectedVendor, surrounded } from './connected.js'
import { crc32c } from './crc32c.js'
import type { KmsServer } from './server.js'

/** A call cannot be cancelled by this client. */
const LIMITED = { timeout: 4_000 }

export async function connectedGcp({ endpoint, environment }: KmsServer): Promise<ConnectedVendor> {
  const name = environment['WAXSEAL_GCP_KEY']!
  const provider = surrounded(await connectGcp({ endpoint, insecure: 'true', key: name }))
  const { dataKey, wrapped } = await provider.generateDataKey(CONTEXT)
  const [apiEndpoint, port] = endpoint.split(':')
  const kms = new KeyManagementServiceClient({
    ...{ apiEndpoint: apiEndpoint!, port: Number(port), universeDomain: 'googleapis.com' },
    sslCreds: gax.grpc.credentials.createInsecure(),
  })
  // What ours authenticates a wrap with is as long.
  const additionalAuthenticatedData = Buffer.concat([Buffer.alloc(30), canonicalContext(CONTEXT)])
  const of = (bytes: Uint8Array) => ({ value: crc32c(bytes) })
  const bound = () => {
    const additionalAuthenticatedDataCrc32c = of(additionalAuthenticatedData)
    return { additionalAuthenticatedData, additionalAuthenticatedDataCrc32c }
  }
  const encrypt = async (plaintext: Uint8Array) => {
    const request = { name: `${name}/cryptoKeyVersions/1`, plaintext, plaintextCrc32c: of(plaintext), ...bound() }
    const [reply] = await kms.encrypt(request, LIMITED)
    if (String(reply.ciphertextCrc32c?.value) !== String(crc32c(reply.ciphertext as Uint8Array))) throw new Error('crc')
    return reply.ciphertext as Uint8Array
  }
  const decrypt = async (ciphertext: Uint8Array) => {
    const [reply] = await kms.decrypt({ name, ciphertext, ciphertextCrc32c: of(ciphertext), ...bound() }, LIMITED)
    if (String(reply.plaintextCrc32c?.value) !== String(crc32c(reply.plaintext as Uint8Array))) throw new Error('crc')
    return reply.plaintext as Uint8Array
  }
  const plaintext = randomBytes(32)
  const ciphertext = await encrypt(plaintext)
  return {
    requests: { generateDataKey: 1, wrap: 1, unwrap: 1, rewrap: 2 },
    ...{ provider, dataKey, wrapped, besides: [] },
    bare: {
      generateDataKey: () => encrypt(randomBytes(32)),
      wrap: () => encrypt(plaintext),
      unwrap: () => decrypt(ciphertext),
      rewrap: async () => encrypt(await decrypt(ciphertext)),
    },
  }
}
