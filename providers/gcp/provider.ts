import { DecryptionError, isWaxsealError, KekNotAcceptedError, KekUnavailableError } from '../../src/errors.js'
import { CachedLookup } from '../../src/kms/cached-lookup.js'
import { type Clock, systemClock } from '../../src/kms/clock.js'
import type { EncryptionContext } from '../../src/kms/context.js'
import { DataKey } from '../../src/kms/data-key.js'
import { assertKeyNames, assertOptions, CALLING_PROVIDER, type OptionRules } from '../../src/kms/options.js'
import type { CallOptions, GeneratedDataKey, KekRef, KmsProvider, WrappedDataKey } from '../../src/kms/provider.js'
import { generateThenWrap, unwrapThenWrap } from '../../src/kms/strategies.js'
import { GcpCalls } from './calls.js'
import type { GcpKms } from './client.js'
import { isKeyName, isVersion, KEY_NAME_EXPECTED, versionIn, versionNameOf } from './key-name.js'
import { wrapAad } from './wrap-aad.js'

export interface GcpProviderOptions {
  /** A `KeyManagementServiceClient` of `@google-cloud/kms`; `connectGcp` makes one with the right settings. */
  readonly client: GcpKms
  /** Wraps: the name of a CryptoKey, `projects/…/locations/…/keyRings/…/cryptoKeys/…`. */
  readonly key: string
  /** Names of CryptoKeys that may be unwrapped besides. */
  readonly previousKeys?: readonly string[]
  /** How long the primary version is taken for true. Milliseconds, default 60,000: look-ups have a small quota. */
  readonly recheckMs?: number
  /** Default: that of the system. Tests pass one that they move by hand. */
  readonly clock?: Clock
}

const OPTIONS: OptionRules<GcpProviderOptions> = { ...CALLING_PROVIDER }

/**
 * Google Cloud KMS with a symmetric key. The id of a KEK ref is the name of the CryptoKey, the version the number of its
 * CryptoKeyVersion. Wraps name the version that is to be used; unwraps name the CryptoKey from the configuration, never what
 * a row says. Context and version are authenticated with the wrap (`wrapAad`).
 */
export class GcpProvider implements KmsProvider {
  readonly name = 'gcp'
  readonly #calls: GcpCalls
  readonly #key: string
  readonly #accepted: ReadonlySet<string>
  readonly #primary: CachedLookup<string>

  constructor(options: GcpProviderOptions) {
    assertOptions('provider "gcp"', options, OPTIONS)
    const { client, key, previousKeys = [], recheckMs = 60_000, clock = systemClock } = options
    assertKeyNames('gcp', [key, ...previousKeys], isKeyName, KEY_NAME_EXPECTED)
    this.#calls = new GcpCalls(client, clock)
    this.#key = key
    this.#accepted = new Set([key, ...previousKeys])
    this.#primary = new CachedLookup((call) => this.#askPrimary(call), { maxAgeMs: recheckMs, clock })
  }

  async currentKek(_context: EncryptionContext, options: CallOptions = {}): Promise<KekRef> {
    options.signal?.throwIfAborted()
    return this.#kekOf(await this.#primary.get(options))
  }

  generateDataKey(context: EncryptionContext, options: CallOptions = {}): Promise<GeneratedDataKey> {
    return generateThenWrap(this, context, options)
  }

  async wrap(dataKey: DataKey, context: EncryptionContext, options: CallOptions = {}): Promise<WrappedDataKey> {
    options.signal?.throwIfAborted()
    const version = await this.#primary.get(options)
    try {
      return await this.#wrapUnder(version, dataKey, context, options)
    } catch (error) {
      if (!(isWaxsealError(error) && error.code === 'ERR_KEK_UNAVAILABLE')) throw error
      // Rotated and the old version disabled since it was asked for.
      const now = await this.#primary.refresh(options)
      if (now === version) throw error
      return await this.#wrapUnder(now, dataKey, context, options)
    }
  }

  async unwrap(
    { kek, bytes }: WrappedDataKey,
    context: EncryptionContext,
    options: CallOptions = {},
  ): Promise<DataKey> {
    options.signal?.throwIfAborted()
    this.#assertAccepted(kek)
    // The KMS would call it a mistake in the request, which is for whoever configures; this is for whoever wrote the row.
    if (bytes.length === 0) throw new DecryptionError(undefined, { kek })
    return DataKey.adopt(await this.#calls.decrypt(kek, bytes, wrapAad(kek.version, context), options))
  }

  rewrap(wrapped: WrappedDataKey, context: EncryptionContext, options: CallOptions = {}): Promise<WrappedDataKey> {
    return unwrapThenWrap(this, wrapped, context, options)
  }

  async #wrapUnder(version: string, dataKey: DataKey, context: EncryptionContext, options: CallOptions) {
    const name = versionNameOf(this.#key, version)
    const aad = wrapAad(version, context)
    const bytes = await dataKey.withBytes((plaintext) => this.#calls.encrypt(name, plaintext, aad, options))
    return { kek: this.#kekOf(version), bytes }
  }

  async #askPrimary(options: CallOptions): Promise<string> {
    const { primary } = await this.#calls.getCryptoKey(this.#key, options)
    const version = versionIn(this.#key, primary?.name ?? '')
    if (version !== undefined) return version
    throw new KekUnavailableError(
      `provider "gcp": "${this.#key}" has no primary version; expected a symmetric key with one that is enabled`,
    )
  }

  /** A row names a key; the one that is asked for is equal to one of the configuration's. */
  #assertAccepted(kek: KekRef): void {
    if (kek.provider === this.name && this.#accepted.has(kek.id) && isVersion(kek.version)) return
    throw new KekNotAcceptedError(
      `provider "gcp": the row names another key than the configured "${this.#key}" (or "previousKeys"), or no version; ` +
        'add its name to "previousKeys" if it is yours',
      { kek },
    )
  }

  #kekOf(version: string): KekRef {
    return { provider: this.name, id: this.#key, version }
  }
}
