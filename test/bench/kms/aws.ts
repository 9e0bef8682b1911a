import { KMS } from '@aws-sdk/client-kms'
import { connectAws } from 'waxseal/providers/aws'
import { CONTEXT, type ConnectedVendor, surrounded } from './connected.js'
import type { KmsServer } from './server.js'

export async function connectedAws({ endpoint, environment }: KmsServer): Promise<ConnectedVendor> {
  Object.assign(process.env, environment)
  // Without limits the SDK waits for ever.
  const requestHandler = { connectionTimeout: 1_000, requestTimeout: 4_000, throwOnRequestTimeout: true }
  const kms = new KMS({ endpoint, maxAttempts: 1, requestHandler })
  const { KeyMetadata } = await kms.createKey({})
  const KeyId = KeyMetadata!.Arn!
  const provider = surrounded(await connectAws({ endpoint, key: KeyId }))
  const { dataKey, wrapped } = await provider.generateDataKey(CONTEXT)
  const plaintext = dataKey.withBytes((bytes) => Uint8Array.from(bytes))
  const bound = { EncryptionContext: CONTEXT, GrantTokens: [] }
  const decrypt = (CiphertextBlob: Uint8Array) => {
    return kms.decrypt({ KeyId, CiphertextBlob, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT', ...bound }, cancellable())
  }
  return {
    requests: { generateDataKey: 1, wrap: 2, unwrap: 1, rewrap: 1 },
    ...{ provider, dataKey, wrapped, besides: [] },
    bare: {
      generateDataKey: () => kms.generateDataKey({ KeyId, KeySpec: 'AES_256', ...bound }, cancellable()),
      async wrap() {
        return decrypt((await kms.encrypt({ KeyId, Plaintext: plaintext, ...bound }, cancellable())).CiphertextBlob!)
      },
      unwrap: () => decrypt(wrapped.bytes),
      rewrap: () => {
        const from = { SourceKeyId: KeyId, SourceEncryptionContext: CONTEXT, CiphertextBlob: wrapped.bytes }
        const to = { DestinationKeyId: KeyId, DestinationEncryptionContext: CONTEXT, GrantTokens: [] }
        return kms.reEncrypt({ ...from, ...to }, cancellable())
      },
    },
  }
}

const cancellable = () => ({ abortSignal: new AbortController().signal })
