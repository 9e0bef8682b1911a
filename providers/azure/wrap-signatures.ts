import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { ConfigurationError, DecryptionError, KekUnavailableError } from '../../src/errors.js'
import { CachedLookup, type CachedLookupOptions } from '../../src/kms/cached-lookup.js'
import { canonicalContext, type EncryptionContext } from '../../src/kms/context.js'
import { lengthPrefixed } from '../../src/kms/length-prefixed.js'
import type { CallOptions, KekRef } from '../../src/kms/provider.js'
import type { AzureCalls } from './calls.js'
import type { AzureKey } from './client.js'
import { assertWraps } from './key-state.js'
import { SIGNATURE_BYTES, type WrapSignature } from './stored-wrap.js'

/** Must not change: every stored signature depends on it. */
const LABEL = 'waxseal azure wrap 1'
const MAX_VERSIONS = 100

/** What is signed: a wrap, under which version of which key, for which row. */
export interface SignedWrap {
  readonly kek: KekRef
  readonly wrapped: Uint8Array
  readonly context: EncryptionContext
}

/**
 * Signatures by a second key of the vault. Whoever has the public key can wrap; only who may sign can make a wrap that is
 * opened here. Verified in the process, with the public key of the version that the wrap names.
 */
export class WrapSignatures {
  readonly #calls: AzureCalls
  readonly #name: string
  readonly #lookups: CachedLookupOptions
  readonly #current: CachedLookup<string>
  readonly #publicKeys = new LRUCache<string, CachedLookup<KeyObject>>({ max: MAX_VERSIONS })

  constructor(calls: AzureCalls, name: string, lookups: CachedLookupOptions) {
    this.#calls = calls
    this.#name = name
    this.#lookups = lookups
    this.#current = new CachedLookup(async (options) => {
      return assertWraps(name, await calls.getKey(name, undefined, options), lookups.clock.now())
    }, lookups)
  }

  async sign(wrap: SignedWrap, options: CallOptions): Promise<WrapSignature> {
    const version = await this.#current.get(options)
    const digest = createHash('sha256').update(this.#statement(wrap, version)).digest()
    const bytes = await this.#calls.sign({ name: this.#name, version }, digest, options)
    if (bytes.length === SIGNATURE_BYTES) return { version, bytes }
    throw new ConfigurationError(`provider "azure": the signing key "${this.#name}" made no ES256 signature`)
  }

  /** Throws `DecryptionError` for a wrap that nobody who may sign has made. */
  async verify(wrap: SignedWrap, { version, bytes }: WrapSignature, options: CallOptions): Promise<void> {
    const key = await this.#publicKey(version, wrap.kek).get(options)
    const signer = { key, dsaEncoding: 'ieee-p1363' } as const
    if (verify('sha256', this.#statement(wrap, version), signer, bytes)) return
    throw new DecryptionError(undefined, { kek: wrap.kek })
  }

  #publicKey(version: string, kek: KekRef): CachedLookup<KeyObject> {
    const known = this.#publicKeys.get(version)
    if (known) return known
    const lookup = new CachedLookup((options) => this.#lookUp(version, kek, options), this.#lookups)
    this.#publicKeys.set(version, lookup)
    return lookup
  }

  async #lookUp(version: string, kek: KekRef, options: CallOptions): Promise<KeyObject> {
    const found = await this.#calls.getKey(this.#name, version, options)
    // Disabling a version that leaked takes back what it signed, a while later.
    if (found.properties.enabled !== false) return publicKeyOf(this.#name, found)
    throw new KekUnavailableError(
      `provider "azure": version ${version} of the signing key "${this.#name}" is disabled; wraps that it signed do not open`,
      { kek },
    )
  }

  #statement({ kek, wrapped, context }: SignedWrap, version: string): Buffer {
    return lengthPrefixed([LABEL, kek.id, kek.version, this.#name, version, wrapped, canonicalContext(context)])
  }
}

export function publicKeyOf(name: string, { key }: AzureKey): KeyObject {
  const { kty = 'an unknown type', crv, x, y } = key ?? {}
  if (!/^EC(-HSM)?$/.test(kty) || crv !== 'P-256' || !x || !y) {
    throw new ConfigurationError(
      `provider "azure": the signing key "${name}" must be EC P-256, found ${kty} ${crv ?? ''}`,
    )
  }
  const [textX, textY] = [x, y].map((each) => Buffer.from(each).toString('base64url')) as [string, string]
  return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv, x: textX, y: textY } })
}
