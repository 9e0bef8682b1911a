import { ConfigurationError, KmsUnavailableError } from '../errors.js'
import { describeKek, type WrappedDataKey } from '../kms/provider.js'
import { MAX_WRAPPED_KEY_BYTES } from './format.js'
import type { StoredWrap } from './metadata.js'
import { wrappedAtOf } from './metadata-codec.js'

/** What a provider returned, as it is stored. */
export function storedWrapOf(providerName: string, { kek, bytes }: WrappedDataKey, nowMs: number): StoredWrap {
  // It is found again by this name: under another one the envelope would be refused on reading.
  if (kek.provider !== providerName) {
    throw new ConfigurationError(
      `provider "${providerName}": expected KEKs of its own name, found ${describeKek(kek)}`,
      { kek },
    )
  }
  if (bytes.length === 0 || bytes.length > MAX_WRAPPED_KEY_BYTES) {
    throw new KmsUnavailableError(
      `${describeKek(kek)}: expected a wrapped data key of 1 to ${MAX_WRAPPED_KEY_BYTES} bytes, found ${bytes.length}`,
      { kek, reason: 'server' },
    )
  }
  const { provider, id, version } = kek
  return {
    kek: { provider, id, version },
    dataKey: Buffer.from(bytes).toString('base64url'),
    wrappedAt: wrappedAtOf(nowMs),
  }
}

export function wrappedDataKeyOf({ kek, dataKey }: StoredWrap): WrappedDataKey {
  return { kek, bytes: Buffer.from(dataKey, 'base64url') }
}
