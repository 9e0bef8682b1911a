import { randomBytes } from 'node:crypto'
import { ConfigurationError, CredentialShreddedError, InvalidEnvelopeError } from '../errors.js'
import { type Clock, systemClock } from '../kms/clock.js'
import { withDeadline } from '../kms/deadline.js'
import { DeadlineProvider } from '../kms/deadline-provider.js'
import type { CallOptions, KekRef, KmsProvider, WrapOnlyRecipient } from '../kms/provider.js'
import { assertExpectedContext, type EnvelopeBinding, encryptionContextOf } from './binding.js'
import { cacheIdOf } from './cache-id.js'
import { commitmentOf } from './commitment.js'
import { DataKeyCache, type DataKeyCacheOptions } from './data-key-cache.js'
import { ENVELOPE_ID_BYTES, MAX_WRAPS } from './format.js'
import { type AcceptedKek, KekList } from './kek-list.js'
import type { EnvelopeMetadata, WrappedMetadata } from './metadata.js'
import { OpenEnvelope } from './open-envelope.js'
import { currentKeks, isStale, rewrapAll } from './rewrap.js'
import { storedWrapOf } from './stored-wrap.js'
import { unwrapInOrder } from './unwrap-in-order.js'

export interface EnvelopeCipherOptions {
  /** Wraps new data keys, first in the list of wraps. */
  readonly provider: KmsProvider
  /** Each gets a wrap of its own: a second region or cloud, an offline recovery key. */
  readonly recipients?: readonly (KmsProvider | WrapOnlyRecipient)[]
  /** What may also be read. Moving to another KEK: accept it everywhere, then make it `provider`. */
  readonly accepted?: readonly AcceptedKek[]
  /** Unwrapped data keys in memory: 10,000 for 5 minutes unless said otherwise; `false` keeps none. */
  readonly cache?: DataKeyCacheOptions | false
  /** For operations that bring no deadline of their own. Milliseconds, default 5,000. */
  readonly timeoutMs?: number
  readonly clock?: Clock
}

export interface OpenOptions extends CallOptions {
  /** Refuses a credential whose declared pairs differ, before any call to a KMS. */
  readonly expectedContext?: Readonly<Record<string, string>>
}

const OPTIONS = new Set(['provider', 'recipients', 'accepted', 'cache', 'timeoutMs', 'clock'])

/**
 * Makes and opens envelopes: one data key per credential, wrapped by the provider and each recipient.
 *
 * Every operation ends at its deadline. The KEKs that a stored envelope names are checked against the configured list
 * before any call, and again when the data key comes from the cache.
 */
export class EnvelopeCipher {
  readonly #provider: KmsProvider
  readonly #recipients: readonly (KmsProvider | WrapOnlyRecipient)[]
  readonly #list: KekList
  readonly #cache: DataKeyCache
  readonly #clock: Clock
  readonly #timeoutMs: number

  constructor(options: EnvelopeCipherOptions) {
    for (const name of Object.keys(options)) {
      if (!OPTIONS.has(name)) throw new ConfigurationError(`EnvelopeCipher: unknown option "${name}"`)
    }
    const { recipients = [], accepted = [], cache = {}, timeoutMs = 5_000, clock = systemClock } = options
    if (recipients.length >= MAX_WRAPS) {
      throw new ConfigurationError(`EnvelopeCipher: at most ${MAX_WRAPS - 1} recipients, found ${recipients.length}`)
    }
    const limit = (provider: KmsProvider) => new DeadlineProvider(provider, { timeoutMs, clock })
    this.#provider = limit(options.provider)
    this.#recipients = recipients.map((recipient) => ('unwrap' in recipient ? limit(recipient) : recipient))
    this.#list = new KekList(
      [
        { provider: this.#provider },
        ...this.#recipients.flatMap((provider) => ('unwrap' in provider ? [{ provider }] : [])),
        ...accepted.map((entry) => ({ ...entry, provider: limit(entry.provider) })),
      ],
      clock,
    )
    this.#cache = new DataKeyCache(cache, clock)
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  /** A new envelope under a new data key: one `generateDataKey`, and one `wrap` per recipient. */
  async mint(binding: EnvelopeBinding, options: OpenOptions = {}): Promise<OpenEnvelope> {
    assertExpectedContext(binding, options.expectedContext)
    const idBytes = randomBytes(ENVELOPE_ID_BYTES)
    const id = idBytes.toString('base64url')
    const context = encryptionContextOf(binding, id)
    const limited = this.#limited(options)
    const { dataKey, wrapped } = await this.#provider.generateDataKey(context, limited)
    const others = await Promise.all(this.#recipients.map((recipient) => recipient.wrap(dataKey, context, limited)))
    const now = this.#clock.now()
    const wraps = [wrapped, ...others].map((each) => storedWrapOf(each, now))
    const commitment = commitmentOf(dataKey, idBytes).toString('base64url')
    const metadata: WrappedMetadata = { state: 'wrapped', id, commitment, wrap: 1, wraps }
    this.#cache.put(cacheIdOf(metadata, wraps[0]!, context), dataKey)
    return new OpenEnvelope(metadata, binding, dataKey)
  }

  /**
   * Unwraps the data key: no call when it is cached, else the wraps are tried in their order until one opens.
   *
   * Rejects with `CredentialShreddedError`, `KekNotAcceptedError`, `DecryptionError` or the KMS's failure.
   */
  async open(metadata: EnvelopeMetadata, binding: EnvelopeBinding, options: OpenOptions = {}): Promise<OpenEnvelope> {
    const cached = this.openCached(metadata, binding, options)
    if (cached) return cached
    const wrapped = assertWrapped(metadata)
    const context = encryptionContextOf(binding, wrapped.id)
    const routes = this.#list.routes(wrapped.wraps)
    const id = cacheIdOf(wrapped, routes[0]!.wrap, context)
    const dataKey = await withDeadline('unwrap', this.#limited(options), this.#clock, () =>
      // Shared by all who wait for this data key, so it follows a deadline of its own and nobody's signal.
      this.#cache.getOrLoad(id, () =>
        unwrapInOrder(wrapped, routes, context, this.#clock, this.#clock.now() + this.#timeoutMs),
      ),
    )
    return new OpenEnvelope(wrapped, binding, dataKey)
  }

  /** As `open`, for the hot path: at once, or undefined when a KMS has to be asked. */
  openCached(metadata: EnvelopeMetadata, binding: EnvelopeBinding, options: OpenOptions = {}): OpenEnvelope | undefined {
    assertExpectedContext(binding, options.expectedContext)
    const wrapped = assertWrapped(metadata)
    const context = encryptionContextOf(binding, wrapped.id)
    for (const { wrap } of this.#list.routes(wrapped.wraps)) {
      const dataKey = this.#cache.get(cacheIdOf(wrapped, wrap, context))
      if (dataKey) return new OpenEnvelope(wrapped, binding, dataKey)
    }
    return undefined
  }

  /** The KEKs that a new envelope of this binding would be wrapped under: provider, then recipients. */
  currentKeks(binding: EnvelopeBinding, options: CallOptions = {}): Promise<KekRef[]> {
    return currentKeks(this.#targets, encryptionContextOf(binding, ''), this.#limited(options))
  }

  /** Whether the KEKs in `wraps` differ from the current ones. A wrap of unknown version counts as differing. */
  async isStale(metadata: WrappedMetadata, binding: EnvelopeBinding, options: CallOptions = {}): Promise<boolean> {
    const context = encryptionContextOf(binding, metadata.id)
    return isStale(metadata, await currentKeks(this.#targets, context, this.#limited(options)))
  }

  /**
   * Wraps the same data key under the current KEKs: natively where the KMS can. Returns `metadata` itself when nothing is
   * stale. Each new wrap is unwrapped and compared with the commitment before this resolves, so that a row is never
   * left with a wrap that does not open; wraps of a `WrapOnlyRecipient` cannot be proven so and are not.
   */
  async rewrap(metadata: WrappedMetadata, binding: EnvelopeBinding, options: CallOptions = {}): Promise<WrappedMetadata> {
    const limited = this.#limited(options)
    const open = async () => (await this.open(metadata, binding, limited)).dataKey
    const context = encryptionContextOf(binding, metadata.id)
    return rewrapAll({ metadata, context, targets: this.#targets, list: this.#list, open, clock: this.#clock }, limited)
  }

  /** Drops the data key of one envelope from the cache. */
  forget(envelopeId: string): void {
    this.#cache.forget(envelopeId)
  }

  /** Drops all data keys from the cache. */
  forgetAll(): void {
    this.#cache.clear()
  }

  get #targets(): readonly (KmsProvider | WrapOnlyRecipient)[] {
    return [this.#provider, ...this.#recipients]
  }

  #limited<T extends CallOptions>(options: T): T & { readonly deadline: number } {
    return { ...options, deadline: options.deadline ?? this.#clock.now() + this.#timeoutMs }
  }
}

function assertWrapped(metadata: EnvelopeMetadata): WrappedMetadata {
  if (metadata.state === 'wrapped') return metadata
  if (metadata.state === 'empty') {
    throw new InvalidEnvelopeError('the credential has no envelope: its encryption metadata is {}')
  }
  throw new CredentialShreddedError(
    `the credential was shredded (receipt ${metadata.receipt}); set every field to use the row again`,
  )
}
