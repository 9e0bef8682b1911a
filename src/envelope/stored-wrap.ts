import { KmsUnavailableError } from '../errors.js'
import { describeKek, type WrappedDataKey } from '../kms/provider.js'
import { MAX_WRAPPED_KEY_BYTES } from './format.js'
import type { StoredWrap } from './metadata.js'
import { wrappedAtOf } from './metadata-codec.js'

/** What a provider returned, as it is stored. */
export function storedWrapOf({ kek, bytes }: WrappedDataKey, nowMs: number): StoredWrap {
  if (bytes.length === 0 || bytes.length > MAX_WRAPPED_KEY_BYTES) {
    throw new KmsUnavailableError(
      `${describeKek(kek)}: expected a wrapped data key of 1 to ${MAX_WRAPPED_KEY_BYTES} bytes, found ${bytes.length}`,
      { kek, reason: 'server' },
    )
  }
  return { kek, dataKey: Buffer.from(bytes).toString('base64url'), wrappedAt: wrappedAtOf(nowMs) }
}

export function wrappedDataKeyOf({ kek, dataKey }: StoredWrap): WrappedDataKey {
  return { kek, bytes: Buffer.from(dataKey, 'base64url') }
}
