import { ConfigurationError, DecryptionError, KekNotAcceptedError } from '../../src/errors.js'
import { CachedLookup } from '../../src/kms/cached-lookup.js'
import { type Clock, systemClock } from '../../src/kms/clock.js'
import type { EncryptionContext } from '../../src/kms/context.js'
import { DataKey } from '../../src/kms/data-key.js'
import {
  assertKeyNames,
  assertOptions,
  CALLING_PROVIDER,
  LIST_OF_TEXT,
  type OptionRules,
  TEXT,
} from '../../src/kms/options.js'
import type { CallOptions, GeneratedDataKey, KekRef, KmsProvider, WrappedDataKey } from '../../src/kms/provider.js'
import { AwsCalls } from './calls.js'
import type { AwsKms } from './client.js'
import { isKeyArn, keyArnOf, storedIdOf } from './key-arn.js'

export interface AwsProviderOptions {
  /** An instance of the class `KMS` of `@aws-sdk/client-kms`; `connectAws` makes one with the right settings. */
  readonly client: AwsKms
  /** The region of `client`, in which the ARN of a multi-Region key is asked for. */
  readonly region: string
  /** Wraps: a key ARN, a key id, an alias or the ARN of one. */
  readonly key: string
  /** Key ARNs that may be unwrapped besides, such as those that an alias named before. */
  readonly previousKeys?: readonly string[]
  /** For grants that have not reached every part of the KMS yet. */
  readonly grantTokens?: readonly string[]
  /** How long the answer of `DescribeKey` is taken for true. Milliseconds, default 60,000. */
  readonly recheckMs?: number
  /** Default: that of the system. Tests pass one that they move by hand. */
  readonly clock?: Clock
}

const OPTIONS: OptionRules<AwsProviderOptions> = { ...CALLING_PROVIDER, region: TEXT, grantTokens: LIST_OF_TEXT }
/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html */
const MAX_CIPHERTEXT_BYTES = 6_144

/** A key as `DescribeKey` tells it. */
interface DescribedKey {
  readonly arn: string
  /** The current key material; `''` where the server does not say. */
  readonly version: string
}

/**
 * AWS KMS with a symmetric key. The encryption context is bound by the KMS and appears in CloudTrail. The version of a KEK
 * ref is the id of the key material.
 *
 * Every use names the key by its ARN from the configuration, never by what a row says, and compares the ARN of the reply:
 * without it a ciphertext under a stranger's key would decrypt.
 */
export class AwsProvider implements KmsProvider {
  readonly name = 'aws'
  readonly #calls: AwsCalls
  readonly #key: string
  readonly #region: string
  /** How KEK refs spell `key`, where it is the ARN of one. */
  readonly #keyId: string | undefined
  readonly #previous: ReadonlySet<string>
  readonly #described: CachedLookup<DescribedKey>

  constructor(options: AwsProviderOptions) {
    assertOptions('provider "aws"', options, OPTIONS)
    const {
      client,
      region,
      key,
      previousKeys = [],
      grantTokens = [],
      recheckMs = 60_000,
      clock = systemClock,
    } = options
    assertKeyNames('aws', previousKeys, isKeyArn, '"previousKeys" to be key ARNs (arn:…:key/…)')
    this.#calls = new AwsCalls(client, [...grantTokens])
    this.#key = key
    this.#keyId = isKeyArn(key) ? storedIdOf(key) : undefined
    this.#region = region
    this.#previous = new Set(previousKeys.map(storedIdOf))
    this.#described = new CachedLookup((call) => this.#describe(call), { maxAgeMs: recheckMs, clock })
  }

  async currentKek(_context: EncryptionContext, options: CallOptions = {}): Promise<KekRef> {
    options.signal?.throwIfAborted()
    return kekOf(await this.#described.get(options))
  }

  async generateDataKey(context: EncryptionContext, options: CallOptions = {}): Promise<GeneratedDataKey> {
    options.signal?.throwIfAborted()
    const before = await this.#described.get(options)
    const reply = await this.#calls.generateDataKey(before.arn, context, options)
    const dataKey = DataKey.adopt(reply.plaintext)
    const kek = kekOf({ arn: before.arn, version: await this.#versionUsed(before, reply.version, options) })
    return { dataKey, wrapped: { kek, bytes: reply.ciphertext } }
  }

  async wrap(dataKey: DataKey, context: EncryptionContext, options: CallOptions = {}): Promise<WrappedDataKey> {
    options.signal?.throwIfAborted()
    const before = await this.#described.get(options)
    const bytes = await dataKey.withBytes((plaintext) => this.#calls.encrypt(before.arn, plaintext, context, options))
    // `Encrypt` does not say which key material it used. `Decrypt` does, and `DescribeKey` could lag behind a rotation.
    const opened = await this.#calls.decrypt(before.arn, bytes, context, options)
    opened.plaintext.fill(0)
    return { kek: kekOf({ arn: before.arn, version: await this.#versionUsed(before, opened.version, options) }), bytes }
  }

  async unwrap(
    { kek, bytes }: WrappedDataKey,
    context: EncryptionContext,
    options: CallOptions = {},
  ): Promise<DataKey> {
    options.signal?.throwIfAborted()
    const arn = await this.#accepted(kek, options)
    assertCiphertext(kek, bytes)
    const { plaintext, version } = await this.#calls.decrypt(arn, bytes, context, options, kek)
    assertVersion(kek, version, () => plaintext.fill(0))
    return DataKey.adopt(plaintext)
  }

  async rewrap(
    { kek, bytes }: WrappedDataKey,
    context: EncryptionContext,
    options: CallOptions = {},
  ): Promise<WrappedDataKey> {
    options.signal?.throwIfAborted()
    const source = await this.#accepted(kek, options)
    assertCiphertext(kek, bytes)
    const before = await this.#described.get(options)
    const reply = await this.#calls.reEncrypt({ source, destination: before.arn }, bytes, context, options, kek)
    assertVersion(kek, reply.sourceVersion)
    const version = await this.#versionUsed(before, reply.version, options)
    return { kek: kekOf({ arn: before.arn, version }), bytes: reply.ciphertext }
  }

  /** The ARN to ask for, of a key that is configured. What a row names is compared and never sent. */
  async #accepted(kek: KekRef, options: CallOptions): Promise<string> {
    const isConfigured =
      kek.provider === this.name && (this.#previous.has(kek.id) || (await this.#isCurrent(kek, options)))
    if (isConfigured) return keyArnOf(kek.id, this.#region)
    throw new KekNotAcceptedError(
      `provider "aws": the row names another key than the configured "${this.#key}" (or "previousKeys"); ` +
        'add its ARN to "previousKeys" if it is yours',
      { kek },
    )
  }

  async #isCurrent(kek: KekRef, options: CallOptions): Promise<boolean> {
    // No look-up for a key that is configured by its ARN: a reader needs no permission but to decrypt.
    if (this.#keyId !== undefined) return this.#keyId === kek.id
    return storedIdOf((await this.#described.get(options)).arn) === kek.id
  }

  async #describe(options: CallOptions): Promise<DescribedKey> {
    const { Arn: arn, CurrentKeyMaterialId: version = '' } = await this.#calls.describeKey(this.#key, options)
    if (arn === undefined || !isKeyArn(arn)) {
      throw new ConfigurationError(`provider "aws": "${this.#key}" is not a KMS key; expected a key ARN in the reply`)
    }
    return { arn, version }
  }

  /** What the reply says; else what `DescribeKey` said before and says after, where both agree; else unknown. */
  async #versionUsed(before: DescribedKey, reported: string | undefined, options: CallOptions): Promise<string> {
    if (reported !== undefined) {
      if (reported !== before.version) this.#described.forget()
      return reported
    }
    if (before.version === '') return ''
    // An id of key material never comes back, so that an old answer which is still true was true all the time.
    const after = await this.#described.refresh(options)
    return after.arn === before.arn && after.version === before.version ? before.version : ''
  }
}

function kekOf({ arn, version }: DescribedKey): KekRef {
  return { provider: 'aws', id: storedIdOf(arn), version }
}

function assertCiphertext(kek: KekRef, bytes: Uint8Array): void {
  // The KMS would call it a mistake in the request, which is for whoever configures; this is for whoever wrote the row.
  if (bytes.length === 0 || bytes.length > MAX_CIPHERTEXT_BYTES) throw new DecryptionError(undefined, { kek })
}

function assertVersion(kek: KekRef, found: string | undefined, discard?: () => void): void {
  if (kek.version === '' || found === undefined || found === kek.version) return
  discard?.()
  throw new DecryptionError(undefined, { kek })
}
