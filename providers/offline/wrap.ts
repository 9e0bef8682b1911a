import type { EncryptionContext } from '../../src/kms/context.js'
import type { DataKey } from '../../src/kms/data-key.js'
import type { WrappedDataKey } from '../../src/kms/provider.js'
import type { RecoveryPublicKey } from './public-key.js'

export function wrapFor(
  { key, algorithm, kek }: RecoveryPublicKey,
  dataKey: DataKey,
  context: EncryptionContext,
): WrappedDataKey {
  return { kek, bytes: dataKey.withBytes((bytes) => algorithm.wrap(key, kek, bytes, context)) }
}
