import { ConfigurationError, DecryptionError, isWaxsealError, KekNotAcceptedError } from '../../src/errors.js'
import { CachedLookup } from '../../src/kms/cached-lookup.js'
import { type Clock, systemClock } from '../../src/kms/clock.js'
import type { EncryptionContext } from '../../src/kms/context.js'
import { DataKey } from '../../src/kms/data-key.js'
import { assertOptions, CALLING_PROVIDER, isObject, type OptionRules } from '../../src/kms/options.js'
import type { CallOptions, GeneratedDataKey, KekRef, KmsProvider, WrappedDataKey } from '../../src/kms/provider.js'
import { unwrapThenWrap } from '../../src/kms/strategies.js'
import { VaultCalls } from './calls.js'
import { parseCiphertext, type TransitCiphertext } from './ciphertext.js'
import type { VaultClient } from './client.js'
import { type KeyPath, parseKeyPath, storedIdOf } from './key-path.js'
import type { VaultLogin } from './login.js'
import { RewrapQueue } from './rewrap-queue.js'
import { keyProblems } from './suitability.js'

export interface VaultProviderOptions {
  /** A `VaultHttpClient`, or whatever else leads to Vault. */
  readonly client: VaultClient
  /** Where its tokens come from; `new VaultLogin(client, givenToken(…))` or `appRole(…)`. */
  readonly login: VaultLogin
  /** Wraps: `<mount>/<key>` of a transit key with derivation, in the client's namespace. */
  readonly key: string
  /** Keys that may be unwrapped besides, such as the one before a move. */
  readonly previousKeys?: readonly string[]
  /** How long the answer about the key is taken for true. Milliseconds, default 60,000. */
  readonly recheckMs?: number
  /** Default: that of the system. Tests pass one that they move by hand. */
  readonly clock?: Clock
}

const OPTIONS: OptionRules<VaultProviderOptions> = { ...CALLING_PROVIDER, login: [isObject, 'be a VaultLogin'] }

/**
 * The transit engine of Vault or OpenBao with a derived key: each encryption context has a key of its own, derived from the
 * canonical context. The version of a KEK ref is the number of the key version, as it stands in the ciphertext.
 *
 * A ciphertext does not say which key it is of. Every use names the key by its path from the configuration, never by what a
 * row says.
 */
export class VaultProvider implements KmsProvider {
  readonly name = 'vault'
  readonly #calls: VaultCalls
  readonly #key: KeyPath
  readonly #id: string
  /** By the id in KEK refs: the current key and the previous ones. */
  readonly #accepted: ReadonlyMap<string, KeyPath>
  readonly #version: CachedLookup<string>
  readonly #rewraps: RewrapQueue

  constructor(options: VaultProviderOptions) {
    assertOptions('provider "vault"', options, OPTIONS)
    const { client, login, key, previousKeys = [], recheckMs = 60_000, clock = systemClock } = options
    this.#calls = new VaultCalls(client, login)
    this.#key = parseKeyPath('key', key)
    this.#id = storedIdOf(client.namespace, this.#key)
    const previous = previousKeys.map((each) => parseKeyPath('previousKeys', each))
    this.#accepted = new Map([this.#key, ...previous].map((each) => [storedIdOf(client.namespace, each), each]))
    this.#version = new CachedLookup((call) => this.#latestVersion(call), { maxAgeMs: recheckMs, clock })
    this.#rewraps = new RewrapQueue(this.#calls, this.#key)
  }

  async currentKek(_context: EncryptionContext, options: CallOptions = {}): Promise<KekRef> {
    options.signal?.throwIfAborted()
    return this.#kekOf(await this.#version.get(options))
  }

  async generateDataKey(context: EncryptionContext, options: CallOptions = {}): Promise<GeneratedDataKey> {
    options.signal?.throwIfAborted()
    // Before any use: a key without derivation ignores the context, and a mount of another type stores what it is sent.
    const latest = await this.#version.get(options)
    const { ciphertext, plaintext } = await this.#calls.generateDataKey(this.#key, context, options)
    return { dataKey: DataKey.adopt(plaintext), wrapped: this.#wrapped(ciphertext, latest) }
  }

  async wrap(dataKey: DataKey, context: EncryptionContext, options: CallOptions = {}): Promise<WrappedDataKey> {
    options.signal?.throwIfAborted()
    const latest = await this.#version.get(options)
    const encrypt = (plaintext: Uint8Array) => this.#calls.encrypt(this.#key, plaintext, context, options)
    const ciphertext = await dataKey.withBytes(encrypt).catch((error) => this.#orMissing(error, options))
    return this.#wrapped(ciphertext, latest)
  }

  async unwrap(wrapped: WrappedDataKey, context: EncryptionContext, options: CallOptions = {}): Promise<DataKey> {
    options.signal?.throwIfAborted()
    const { key, text } = this.#pinned(wrapped)
    return DataKey.adopt(await this.#calls.decrypt(key, text, context, options, wrapped.kek))
  }

  async rewrap(
    wrapped: WrappedDataKey,
    context: EncryptionContext,
    options: CallOptions = {},
  ): Promise<WrappedDataKey> {
    options.signal?.throwIfAborted()
    const { key, text } = this.#pinned(wrapped)
    // Vault rewraps under the same key only.
    if (key !== this.#key) return unwrapThenWrap(this, wrapped, context, options)
    const latest = await this.#version.get(options)
    return this.#wrapped(await this.#rewraps.add(text, context, wrapped.kek, options), latest)
  }

  /** The key to ask for, of those that are configured, and a ciphertext of the version that the row names. */
  #pinned({ kek, bytes }: WrappedDataKey): { readonly key: KeyPath; readonly text: string } {
    const key = kek.provider === this.name ? this.#accepted.get(kek.id) : undefined
    if (!key) {
      throw new KekNotAcceptedError(
        `provider "vault": the row names another key than the configured "${this.#id}" (or "previousKeys"); ` +
          'add its path to "previousKeys" if it is yours',
        { kek },
      )
    }
    const ciphertext = parseCiphertext(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'))
    if (ciphertext?.version !== kek.version) throw new DecryptionError(undefined, { kek })
    return { key, text: ciphertext.text }
  }

  /** Who may not create keys is denied where the key is missing: looking it up tells the one from the other. */
  async #orMissing(error: unknown, options: CallOptions): Promise<never> {
    if (isWaxsealError(error) && error.code === 'ERR_KMS_ACCESS_DENIED') await this.#version.refresh(options)
    throw error
  }

  #wrapped({ text, version }: TransitCiphertext, latest: string): WrappedDataKey {
    if (version !== latest) this.#version.forget()
    return { kek: this.#kekOf(version), bytes: Buffer.from(text, 'latin1') }
  }

  #kekOf(version: string): KekRef {
    return { provider: this.name, id: this.#id, version }
  }

  async #latestVersion(options: CallOptions): Promise<string> {
    const key = await this.#calls.readKey(this.#key, options)
    const problems = keyProblems(this.#key.name, key)
    if (problems.length === 0) return String(key.latest_version)
    throw new ConfigurationError(
      `provider "vault": the key "${this.#id}" cannot be used: ${problems.join('; ')}; ` +
        `make another one: bao write -f ${this.#key.mount}/keys/<name> type=aes256-gcm96 derived=true`,
    )
  }
}
