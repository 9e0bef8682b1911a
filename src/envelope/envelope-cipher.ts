import { type Clock, systemClock } from '../kms/clock.js'
import { canonicalContext } from '../kms/context.js'
import { settleBy } from '../kms/deadline.js'
import { DeadlineProvider } from '../kms/deadline-provider.js'
import { noEventLog, roomIn, SUCCESS } from '../kms/event-log.js'
import type { CallOptions, KekRef, KmsProvider, WrapOnlyRecipient } from '../kms/provider.js'
import { acceptsKek } from './accepts-kek.js'
import { type AccessLog, recorded } from './access-log.js'
import { assertWrapped } from './assert-wrapped.js'
import { assertExpectedContext, copyOfBinding, type EnvelopeBinding, encryptionContextOf } from './binding.js'
import { cacheIdOf } from './cache-id.js'
import {
  assertCallOptions,
  assertCipherOptions,
  assertOpenOptions,
  assertRewrapOptions,
  type EnvelopeCipherOptions,
  type OpenOptions,
} from './cipher-options.js'
import { commitmentOf } from './commitment.js'
import { type CacheStatistics, DataKeyCache, type LoadedDataKey } from './data-key-cache.js'
import { ENVELOPE_ID_BYTES } from './format.js'
import { checkKeks, checkUnwraps, type KekHealth } from './kek-health.js'
import { KekList, type UnwrapRoute } from './kek-list.js'
import { type CloseOptions, Lifetime } from './lifetime.js'
import { limitedRecipient } from './limited-recipient.js'
import type { EnvelopeMetadata, StoredWrap, WrappedMetadata } from './metadata.js'
import { readable } from './metadata-codec.js'
import { aadOfEnvelope, OpenEnvelope } from './open-envelope.js'
import { writeRandom } from './random-pool.js'
import { currentKeks, isStale, type RewrapCallOptions, rewrapAll } from './rewrap.js'
import { storedWrapOf } from './stored-wrap.js'
import { TrackedProvider } from './tracked-provider.js'
import { unwrapInOrder } from './unwrap-in-order.js'
import { WrapAnnouncements } from './wrap-announcements.js'

/**
 * Makes and opens envelopes: one data key per credential, wrapped by the provider and each recipient.
 *
 * Every operation ends at its deadline. The KEKs that a stored envelope names are checked against the configured list
 * before any call, and again when the data key comes from the cache.
 */
export class EnvelopeCipher {
  /** Who is told of KEKs before wraps under them leave; see `joinFleet`. */
  readonly announcements = new WrapAnnouncements()
  readonly #provider: KmsProvider
  readonly #recipients: readonly (KmsProvider | WrapOnlyRecipient)[]
  readonly #targets: readonly (KmsProvider | WrapOnlyRecipient)[]
  readonly #list: KekList
  readonly #cache: DataKeyCache
  readonly #accessLog: AccessLog
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #lifetime = new Lifetime()
  #hits = 0
  #misses = 0

  constructor(options: EnvelopeCipherOptions) {
    assertCipherOptions(options)
    const { recipients = [], accepted = [], cache = {}, timeoutMs = 5_000, clock = systemClock } = options
    // One for each provider, however often it is named: the list tells by identity what would be the same call.
    const limited = new Map<KmsProvider, KmsProvider>()
    const limit = (provider: KmsProvider): KmsProvider => {
      const tracked = new TrackedProvider(provider, this.#lifetime)
      const known = limited.get(provider) ?? new DeadlineProvider(tracked, { timeoutMs, clock })
      limited.set(provider, known)
      return known
    }
    this.#provider = limit(options.provider)
    this.#recipients = recipients.map((recipient) => {
      return 'unwrap' in recipient ? limit(recipient) : limitedRecipient(recipient, timeoutMs, clock)
    })
    this.#targets = [this.#provider, ...this.#recipients]
    this.#list = new KekList(
      [
        { provider: this.#provider },
        ...this.#recipients.flatMap((provider) => ('unwrap' in provider ? [{ provider }] : [])),
        ...accepted.map((entry) => ({ ...entry, provider: limit(entry.provider) })),
      ],
      clock,
    )
    this.#cache = new DataKeyCache(cache, clock)
    this.#accessLog = options.accessLog ?? noEventLog
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  /** A new envelope under a new data key: one `generateDataKey`, and one `wrap` per recipient. */
  async mint(binding: EnvelopeBinding, options: OpenOptions = {}): Promise<OpenEnvelope> {
    this.#lifetime.assertOpen()
    assertOpenOptions(options)
    return this.#lifetime.add(this.#mint(binding, options))
  }

  async #mint(binding: EnvelopeBinding, options: OpenOptions): Promise<OpenEnvelope> {
    const { expectedContext, ...call } = this.#limited(options)
    assertExpectedContext(binding, expectedContext)
    const bound = copyOfBinding(binding)
    const idBytes = Buffer.allocUnsafe(ENVELOPE_ID_BYTES)
    writeRandom(idBytes, ENVELOPE_ID_BYTES)
    const id = idBytes.toString('base64url')
    const context = encryptionContextOf(bound, id)
    // Throws for what cannot be bound, before a data key exists.
    const canonical = canonicalContext(context)
    const about = { source: 'generate', envelope: id, binding: bound } as const
    return recorded(this.#accessLog, about, call, this.#clock, async () => {
      const { dataKey, wrapped } = await this.#provider.generateDataKey(context, call)
      const others = await Promise.all(this.#recipients.map((recipient) => recipient.wrap(dataKey, context, call)))
      const now = this.#clock.now()
      const wraps = [wrapped, ...others].map((each, index) => storedWrapOf(this.#targets[index]!.name, each, now))
      const metadata = readable({ state: 'wrapped', id, commitment: commitmentOf(dataKey, idBytes), wrap: 1, wraps })
      await this.announcements.before(wraps, bound, call, this.#clock)
      const aad = aadOfEnvelope(metadata, canonical)
      this.#cache.put({ id: cacheIdOf(metadata, this.#list.routes(wraps)[0]!, bound), dataKey, aad })
      return { value: new OpenEnvelope(metadata, bound, dataKey, aad), kek: wrapped.kek }
    })
  }

  /**
   * Unwraps the data key: no call when it is cached, else the wraps are tried in their order until one opens. Those who
   * open one envelope at the same time share its call, with the call token and the listener of the first.
   *
   * Rejects with `CredentialShreddedError`, `KekNotAcceptedError`, `DecryptionError` or the KMS's failure.
   */
  async open(metadata: EnvelopeMetadata, binding: EnvelopeBinding, options: OpenOptions = {}): Promise<OpenEnvelope> {
    const cached = this.openCached(metadata, binding, options)
    return cached ?? this.#lifetime.add(this.#openUncached(metadata, binding, options))
  }

  async #openUncached(
    metadata: EnvelopeMetadata,
    binding: EnvelopeBinding,
    options: OpenOptions,
  ): Promise<OpenEnvelope> {
    const wrapped = assertWrapped(metadata)
    const bound = copyOfBinding(binding)
    const limited = this.#limited(options)
    while (this.#accessLog.full) {
      await roomIn(this.#accessLog, limited, this.#clock)
      const cached = this.#fromCache(wrapped, bound, options)
      if (cached) return cached
    }
    this.#misses++
    const routes = this.#list.routes(wrapped.wraps)
    const load = () => this.#lifetime.add(this.#load(wrapped, bound, routes, limited))
    const about = { source: 'unwrap', envelope: wrapped.id, binding: bound, kek: routes[0]!.wrap.kek } as const
    return recorded(this.#accessLog, about, limited, this.#clock, async () => {
      const { id, dataKey, aad } = await settleBy('unwrap', limited, this.#clock, () =>
        this.#cache.getOrLoad(cacheIdOf(wrapped, routes[0]!, bound), load),
      )
      return { value: new OpenEnvelope(wrapped, bound, dataKey, aad), kek: id.kek }
    })
  }

  /** As `open`, for the hot path: at once, or undefined when a KMS has to be asked or the access log is full. */
  openCached(
    metadata: EnvelopeMetadata,
    binding: EnvelopeBinding,
    options: OpenOptions = {},
  ): OpenEnvelope | undefined {
    this.#lifetime.assertOpen()
    assertOpenOptions(options)
    return this.#fromCache(metadata, binding, options)
  }

  #fromCache(metadata: EnvelopeMetadata, binding: EnvelopeBinding, options: OpenOptions): OpenEnvelope | undefined {
    assertExpectedContext(binding, options.expectedContext)
    const wrapped = assertWrapped(metadata)
    if (this.#accessLog.full) return undefined
    for (const route of this.#list.routes(wrapped.wraps)) {
      const cached = this.#cache.get(cacheIdOf(wrapped, route, binding))
      if (!cached) continue
      const { binding: bound, kek } = cached.id
      this.#accessLog.record({ source: 'cache', envelope: wrapped.id, binding: bound, kek, end: SUCCESS })
      this.#hits++
      return new OpenEnvelope(wrapped, bound, cached.dataKey, cached.aad)
    }
    return undefined
  }

  /** The KEKs that a new envelope of this binding would be wrapped under: provider, then recipients. */
  async currentKeks(binding: EnvelopeBinding, options: CallOptions = {}): Promise<KekRef[]> {
    this.#lifetime.assertOpen()
    assertCallOptions(options)
    return this.#lifetime.add(currentKeks(this.#targets, encryptionContextOf(binding, ''), this.#limited(options)))
  }

  /** Whether the KEKs in `wraps` differ from the current ones. A wrap of unknown version counts as differing. */
  async isStale(metadata: WrappedMetadata, binding: EnvelopeBinding, options: CallOptions = {}): Promise<boolean> {
    this.#lifetime.assertOpen()
    assertCallOptions(options)
    const context = encryptionContextOf(binding, metadata.id)
    const current = this.#lifetime.add(currentKeks(this.#targets, context, this.#limited(options)))
    return isStale(metadata, await current)
  }

  /**
   * Wraps the same data key under the current KEKs: natively where the KMS can. Returns `metadata` itself when nothing is
   * stale. Each new wrap is unwrapped and compared with the commitment before this resolves, so that a row is never
   * left with a wrap that does not open; wraps of a `WrapOnlyRecipient` cannot be proven so and are not. Where no wrap is
   * new, the provider's is proven.
   */
  async rewrap(
    metadata: WrappedMetadata,
    binding: EnvelopeBinding,
    { prove = true, ...options }: RewrapCallOptions = {},
  ): Promise<WrappedMetadata> {
    this.#lifetime.assertOpen()
    assertRewrapOptions({ prove, ...options })
    const limited = this.#limited(options)
    let opened: Promise<OpenEnvelope> | undefined
    const open = async () => {
      // Not by `open`: what was begun is finished, although the cipher is being closed.
      opened ??= Promise.resolve(
        this.#fromCache(metadata, binding, limited) ?? this.#openUncached(metadata, binding, limited),
      )
      return (await opened).dataKey
    }
    const context = encryptionContextOf(binding, metadata.id)
    const bound = copyOfBinding(binding)
    const announce = (wraps: readonly StoredWrap[]) => this.announcements.before(wraps, bound, limited, this.#clock)
    const shared = { targets: this.#targets, list: this.#list, clock: this.#clock }
    const job = { ...shared, metadata, context, open, announce, prove }
    return this.#lifetime.add(rewrapAll(job, limited))
  }

  /** Whether envelopes of this binding under this KEK would be opened, as far as configuration decides: no KMS is asked to use a key. */
  async accepts(kek: KekRef, binding: EnvelopeBinding, options: CallOptions = {}): Promise<boolean> {
    this.#lifetime.assertOpen()
    assertCallOptions(options)
    return this.#lifetime.add(acceptsKek(this.#list, kek, encryptionContextOf(binding, ''), this.#limited(options)))
  }

  /**
   * Wraps a canary for the provider and each recipient, and unwraps it; with the envelope of `mintCanary`, unwraps its wraps.
   * What `healthCheck` asks. A KMS that fails is told, not thrown.
   */
  async checkKeks(options: CallOptions = {}, canary?: WrappedMetadata): Promise<KekHealth[]> {
    this.#lifetime.assertOpen()
    assertCallOptions(options)
    const [limited, known] = [this.#limited(options), { list: this.#list, clock: this.#clock }]
    return this.#lifetime.add(canary ? checkUnwraps(canary, known, limited) : checkKeks(this.#targets, limited))
  }

  /** Since `close()` was called. */
  get closed(): boolean {
    return this.#lifetime.closed
  }

  get cacheStatistics(): CacheStatistics {
    return { hits: this.#hits, misses: this.#misses, keys: this.#cache.size }
  }

  /** Drops the data key of one envelope from the cache. */
  forget(envelopeId: string): void {
    this.#cache.forget(envelopeId)
  }

  /** Drops all data keys from the cache. */
  forgetAll(): void {
    this.#cache.clear()
  }

  /**
   * Refuses new operations with `CipherClosedError`, waits for those on their way and for what they write into the ledger,
   * and drops all data keys from the cache; envelopes that were opened keep theirs. Rejects with a `KmsUnavailableError` when
   * something is still on its way after `timeoutMs`. Calling it again waits for the same end.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    return this.#lifetime.close(options, this.#clock, () => this.#cache.clear())
  }

  /** `await using cipher = await connectCipher()` closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Shared by all who wait for this data key, so it goes on without the one who started it. */
  async #load(
    metadata: WrappedMetadata,
    binding: EnvelopeBinding,
    routes: readonly UnwrapRoute[],
    { signal: _, expectedContext: __, ...call }: OpenOptions & { readonly deadline: number },
  ): Promise<LoadedDataKey> {
    const context = encryptionContextOf(binding, metadata.id)
    const latest = Math.max(call.deadline, this.#clock.now() + this.#timeoutMs)
    const { route, dataKey } = await unwrapInOrder({ metadata, routes, context, clock: this.#clock, latest }, call)
    return { id: cacheIdOf(metadata, route, binding), dataKey, aad: aadOfEnvelope(metadata, canonicalContext(context)) }
  }

  #limited<T extends CallOptions>(options: T): T & { readonly deadline: number } {
    return { ...options, deadline: options.deadline ?? this.#clock.now() + this.#timeoutMs }
  }
}
