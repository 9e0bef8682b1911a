import type { EncryptedField, EnvelopeBinding, EnvelopeCipher, EnvelopeMetadata, OpenEnvelope } from 'waxseal'
import { bytesField, newBinding } from './credential.js'

export interface StoredEnvelope {
  readonly metadata: EnvelopeMetadata
  readonly binding: EnvelopeBinding
  readonly field: EncryptedField
}

/** As many as a page of rows has, so that no single one is always at hand in the processor. */
const COUNT = 256

export async function storeEnvelopes(cipher: EnvelopeCipher, plaintext: Uint8Array): Promise<StoredEnvelope[]> {
  const store = async () => {
    const envelope = await cipher.mint(newBinding())
    return {
      metadata: envelope.metadata,
      binding: envelope.binding,
      field: envelope.encryptField(bytesField, plaintext),
    }
  }
  return Promise.all(Array.from({ length: COUNT }, store))
}

/** One after the other, again from the first; `wrapAround` is called before each first. */
export function cycle<T>(list: readonly T[], wrapAround: () => void = () => undefined): () => T {
  let next = 0
  return () => {
    if (next === 0) wrapAround()
    const item = list[next]!
    next = (next + 1) % list.length
    return item
  }
}

export function openWarm(
  cipher: EnvelopeCipher,
  { metadata, binding }: Pick<StoredEnvelope, 'metadata' | 'binding'>,
): OpenEnvelope {
  const envelope = cipher.openCached(metadata, binding)
  if (!envelope) throw new Error('expected the data key in the cache')
  return envelope
}
