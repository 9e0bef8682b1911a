import { createHash, timingSafeEqual } from 'node:crypto'
import { ConfigurationError, DecryptionError, KekNotAcceptedError } from '../../src/errors.js'
import { CachedLookup } from '../../src/kms/cached-lookup.js'
import { type Clock, systemClock } from '../../src/kms/clock.js'
import { canonicalContext, type EncryptionContext } from '../../src/kms/context.js'
import { DATA_KEY_BYTES, DataKey } from '../../src/kms/data-key.js'
import { assertKeyNames, assertOptions, CALLING_PROVIDER, type OptionRules, TEXT } from '../../src/kms/options.js'
import type { CallOptions, GeneratedDataKey, KekRef, KmsProvider, WrappedDataKey } from '../../src/kms/provider.js'
import { generateThenWrap, unwrapThenWrap } from '../../src/kms/strategies.js'
import { AzureCalls } from './calls.js'
import type { AzureClient } from './client.js'
import { isKeyName, isKeyVersion, kekIdOf, vaultUrlOf } from './key-names.js'
import { assertWraps } from './key-state.js'
import { formatStoredWrap, parseStoredWrap, type StoredWrap } from './stored-wrap.js'
import { WrapSignatures } from './wrap-signatures.js'

export interface AzureProviderOptions {
  /** One vault, spoken to by the SDK; `connectAzure` makes it with the right settings. */
  readonly client: AzureClient
  /** Wraps: the name of an RSA key in the vault. */
  readonly key: string
  /** Signs what was wrapped: the name of an EC P-256 key in the vault. Not to be renamed: wraps hold its versions only. */
  readonly signingKey?: string
  /** Opens wraps without a signature, and makes such where there is no `signingKey`. Default: false. */
  readonly unsigned?: boolean
  /** Names of keys of the vault that may be unwrapped besides. */
  readonly previousKeys?: readonly string[]
  /** How long what the vault says about a key is taken for true. Milliseconds, default 60,000. */
  readonly recheckMs?: number
  /** Default: that of the system. Tests pass one that they move by hand. */
  readonly clock?: Clock
}

const OPTIONS: OptionRules<AzureProviderOptions> = {
  ...CALLING_PROVIDER,
  signingKey: TEXT,
  unsigned: [(value) => typeof value === 'boolean', 'be true or false'],
}
const CONTEXT_HASH_BYTES = 32

/**
 * Azure Key Vault with an RSA key. The KEK ref is host and name of the key, its version the key's. Wrapping knows no
 * context, so that its hash is wrapped along with the data key; and anyone who has the public key can wrap, so that each
 * wrap is signed by a second key and the signature verified before the vault is asked to unwrap.
 *
 * Every use names the version: without one the vault takes the newest, and the SDK does not say which that was.
 */
export class AzureProvider implements KmsProvider {
  readonly name = 'azure'
  readonly #calls: AzureCalls
  readonly #key: string
  readonly #id: string
  /** Key names by KEK id. */
  readonly #accepted: ReadonlyMap<string, string>
  readonly #signatures: WrapSignatures | undefined
  readonly #unsigned: boolean
  readonly #current: CachedLookup<string>

  constructor(options: AzureProviderOptions) {
    assertOptions('provider "azure"', options, OPTIONS)
    const { client, key, signingKey, unsigned = false, previousKeys = [] } = options
    const { recheckMs: maxAgeMs = 60_000, clock = systemClock } = options
    if (vaultUrlOf(client.vaultUrl) !== client.vaultUrl) {
      throw new ConfigurationError('provider "azure": the URL of the vault must be https://<host>, and no more')
    }
    assertNames(key, signingKey, previousKeys)
    if (signingKey === undefined && !unsigned) {
      throw new ConfigurationError(
        'provider "azure": the option "signingKey" is missing, without which anyone who has the public key can make wraps ' +
          'that open; set "unsigned" if that is meant',
      )
    }
    this.#calls = new AzureCalls(client)
    this.#key = key
    this.#id = kekIdOf(client.vaultUrl, key)
    this.#accepted = new Map([...previousKeys, key].map((name) => [kekIdOf(client.vaultUrl, name), name]))
    const lookups = { maxAgeMs, clock }
    this.#signatures = signingKey === undefined ? undefined : new WrapSignatures(this.#calls, signingKey, lookups)
    this.#unsigned = unsigned
    this.#current = new CachedLookup(async (call) => {
      return assertWraps(key, await this.#calls.getKey(key, undefined, call), clock.now())
    }, lookups)
  }

  async currentKek(_context: EncryptionContext, options: CallOptions = {}): Promise<KekRef> {
    options.signal?.throwIfAborted()
    return { provider: this.name, id: this.#id, version: await this.#current.get(options) }
  }

  generateDataKey(context: EncryptionContext, options?: CallOptions): Promise<GeneratedDataKey> {
    return generateThenWrap(this, context, options)
  }

  async wrap(dataKey: DataKey, context: EncryptionContext, options: CallOptions = {}): Promise<WrappedDataKey> {
    const kek = await this.currentKek(context, options)
    const plaintext = dataKey.withBytes((bytes) => Buffer.concat([bytes, contextHash(context)]))
    let wrapped: Uint8Array
    try {
      wrapped = await this.#calls.wrapKey({ name: this.#key, version: kek.version }, plaintext, options)
    } finally {
      plaintext.fill(0)
    }
    const signature = await this.#signatures?.sign({ kek, wrapped, context }, options)
    return { kek, bytes: formatStoredWrap({ wrapped, ...(signature && { signature }) }) }
  }

  async unwrap(
    { kek, bytes }: WrappedDataKey,
    context: EncryptionContext,
    options: CallOptions = {},
  ): Promise<DataKey> {
    options.signal?.throwIfAborted()
    const name = this.#acceptedName(kek)
    const stored = parseStoredWrap(bytes)
    if (!stored) throw new DecryptionError(undefined, { kek })
    await this.#verify(stored, kek, context, options)
    const plaintext = await this.#calls.unwrapKey({ name, version: kek.version, kek }, stored.wrapped, options)
    try {
      const isOfContext =
        plaintext.length === DATA_KEY_BYTES + CONTEXT_HASH_BYTES &&
        timingSafeEqual(plaintext.subarray(DATA_KEY_BYTES), contextHash(context))
      if (!isOfContext) throw new DecryptionError(undefined, { kek })
      return DataKey.adopt(plaintext.subarray(0, DATA_KEY_BYTES))
    } finally {
      plaintext.fill(0)
    }
  }

  rewrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    return unwrapThenWrap(this, wrapped, context, options)
  }

  /** The configured name of the key of a row. What the row calls it is compared and never sent. */
  #acceptedName(kek: KekRef): string {
    const name = kek.provider === this.name ? this.#accepted.get(kek.id) : undefined
    if (name !== undefined && isKeyVersion(kek.version)) return name
    throw new KekNotAcceptedError(
      `provider "azure": the row names another key than the configured "${this.#id}" (or "previousKeys"), or none of its ` +
        'versions; add its name to "previousKeys" if it is yours',
      { kek },
    )
  }

  async #verify({ wrapped, signature }: StoredWrap, kek: KekRef, context: EncryptionContext, options: CallOptions) {
    if (!signature) {
      if (this.#unsigned) return
      throw new DecryptionError(undefined, { kek })
    }
    if (this.#signatures) return this.#signatures.verify({ kek, wrapped, context }, signature, options)
    throw new ConfigurationError('provider "azure": the row is signed; set "signingKey" to the key that signed it', {
      kek,
    })
  }
}

function assertNames(key: string, signingKey: string | undefined, previousKeys: readonly string[]): void {
  const named = [key, ...(signingKey === undefined ? [] : [signingKey]), ...previousKeys]
  assertKeyNames('azure', named, isKeyName, 'names of keys (letters, digits, dashes)')
  if (signingKey?.toLowerCase() === key.toLowerCase()) {
    throw new ConfigurationError('provider "azure": "signingKey" must be another key than "key": RSA wraps, EC signs')
  }
}

function contextHash(context: EncryptionContext): Buffer {
  return createHash('sha256').update(canonicalContext(context)).digest()
}
