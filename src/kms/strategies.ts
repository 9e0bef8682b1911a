import type { EncryptionContext } from './context.js'
import { DataKey } from './data-key.js'
import type { CallOptions, GeneratedDataKey, KmsProvider, WrappedDataKey } from './provider.js'

/** `generateDataKey` for a KMS that has no such operation: a data key from this process, then one `wrap`. */
export async function generateThenWrap(
  provider: Pick<KmsProvider, 'wrap'>,
  context: EncryptionContext,
  options?: CallOptions,
): Promise<GeneratedDataKey> {
  const dataKey = DataKey.generate()
  return { dataKey, wrapped: await provider.wrap(dataKey, context, options) }
}

/** `rewrap` for a KMS that has no such operation: the data key passes through this process. */
export async function unwrapThenWrap(
  provider: Pick<KmsProvider, 'wrap' | 'unwrap'>,
  wrapped: WrappedDataKey,
  context: EncryptionContext,
  options?: CallOptions,
): Promise<WrappedDataKey> {
  const dataKey = await provider.unwrap(wrapped, context, options)
  try {
    return await provider.wrap(dataKey, context, options)
  } finally {
    dataKey.destroy()
  }
}
