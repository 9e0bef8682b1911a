import { timingSafeEqual } from 'node:crypto'
import { DecryptionError } from '../errors.js'
import type { EncryptionContext } from './context.js'
import type { DataKey } from './data-key.js'
import { ForwardingProvider } from './forwarding-provider.js'
import { type CallOptions, describeKek, type GeneratedDataKey, type WrappedDataKey } from './provider.js'

/**
 * Unwraps the first wrap that the process makes under each version of a KEK and compares, so that a KMS which answers with
 * wraps that do not open is noticed before a row depends on one, and not when the cache is cold. One call for each version,
 * not for each wrap: what breaks is a policy, a key or a client. Rewraps are not proven here: `EnvelopeCipher` unwraps every
 * wrap that replaces another.
 *
 * The identity must be allowed to unwrap; one that may only write has to do without this. Stands outside of the retry.
 */
export class ProvingProvider extends ForwardingProvider {
  /** By KEK: whether a wrap of it has opened, or will have. */
  readonly #proofs = new Map<string, Promise<boolean>>()

  override async generateDataKey(context: EncryptionContext, options?: CallOptions): Promise<GeneratedDataKey> {
    const generated = await super.generateDataKey(context, options)
    await this.#prove(generated.dataKey, generated.wrapped, context, options)
    return generated
  }

  override async wrap(dataKey: DataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    const wrapped = await super.wrap(dataKey, context, options)
    await this.#prove(dataKey, wrapped, context, options)
    return wrapped
  }

  async #prove(
    dataKey: DataKey,
    wrapped: WrappedDataKey,
    context: EncryptionContext,
    options: CallOptions | undefined,
  ): Promise<void> {
    const kek = describeKek(wrapped.kek)
    for (let other = this.#proofs.get(kek); other; other = this.#proofs.get(kek)) if (await other) return
    const proof = this.#opens(dataKey, wrapped, context, options)
    // Those who wrap at the same time wait for this one, and prove their own when it fails: its caller may have given up.
    const outcome = proof.then(
      () => true,
      () => {
        this.#proofs.delete(kek)
        return false
      },
    )
    this.#proofs.set(kek, outcome)
    await proof
  }

  async #opens(
    dataKey: DataKey,
    wrapped: WrappedDataKey,
    context: EncryptionContext,
    options: CallOptions | undefined,
  ): Promise<void> {
    const opened = await super.unwrap(wrapped, context, options)
    const isSame = dataKey.withBytes((a) => opened.withBytes((b) => timingSafeEqual(a, b)))
    opened.destroy()
    if (isSame) return
    throw new DecryptionError('the KMS wrapped another key than it was given or gave', { kek: wrapped.kek })
  }
}
