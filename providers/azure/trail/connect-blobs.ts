import { ConfigurationError } from '../../../src/errors.js'
import { type AzureCredentials, credentialOf, tlsOf } from '../connect.js'
import type { BlobsApi } from './blobs-api.js'

export async function connectBlobs(containerUrl: string, options: AzureCredentials): Promise<BlobsApi> {
  const { ContainerClient } = await sdk()
  const container = new ContainerClient(containerUrl, await credentialOf(options), {
    // The mirror tries again, and knows when.
    retryOptions: { maxTries: 1 },
    ...(await tlsOf(options)),
  })
  return {
    async *list(prefix, signal) {
      for await (const { name, properties } of container.listBlobsFlat({ prefix, abortSignal: signal })) {
        yield { name, size: properties.contentLength ?? 0, etag: properties.etag }
      }
    },
    read(name, offset, count, signal) {
      return container.getBlobClient(name).downloadToBuffer(offset, count, { abortSignal: signal })
    },
    async isImmutable(signal) {
      const { hasImmutabilityPolicy } = await container.getProperties({ abortSignal: signal })
      return hasImmutabilityPolicy === true
    },
  }
}

async function sdk() {
  try {
    return await import('@azure/storage-blob')
  } catch (cause) {
    throw new ConfigurationError('trail "azure" needs the Azure SDK: npm install @azure/storage-blob @azure/identity', {
      cause,
    })
  }
}
