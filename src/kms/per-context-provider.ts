import { ConfigurationError, KekUnavailableError } from '../errors.js'
import type { EncryptionContext } from './context.js'
import type { DataKey } from './data-key.js'
import { assertOptions, hasMethods, isFunction, isText, type OptionRules } from './options.js'
import type { CallOptions, GeneratedDataKey, KekRef, KmsProvider, WrappedDataKey } from './provider.js'

export interface PerContextOptions {
  /** The name of every provider here. Stored with each wrap: changing it orphans stored envelopes. */
  readonly name: string
  /** The declared pair that decides, such as `tenant`. */
  readonly pair: string
  /** The provider for a value of the pair; undefined where there is no KEK for it. Asked once for each value that has one. */
  readonly provider: (value: string) => KmsProvider | undefined | Promise<KmsProvider | undefined>
  /** For contexts without the pair: entities of no tenant, and canaries. Without it these are refused. */
  readonly otherwise?: KmsProvider
}

const METHODS = ['currentKek', 'generateDataKey', 'wrap', 'unwrap', 'rewrap']

const OPTIONS: OptionRules<PerContextOptions> = {
  name: [isText, 'be the name of the providers'],
  pair: [isText, 'be the name of a declared pair, such as tenant'],
  provider: [isFunction, 'be a function that gives the provider for a value'],
  otherwise: [(value) => hasMethods(value, METHODS), `have the methods ${METHODS.join(', ')}`],
}

/**
 * A KEK for each tenant, or for each value of another pair: wraps and unwraps through the provider of the context's value and
 * no other. A row that names another tenant's KEK is refused by the tenant's own provider, which accepts its KEKs only. So to
 * destroy a tenant's KEK is to shred what they have everywhere, in backups too, and nothing of anybody else.
 */
export class PerContextProvider implements KmsProvider {
  readonly name: string
  readonly #options: PerContextOptions
  readonly #providers = new Map<string, Promise<KmsProvider>>()

  constructor(options: PerContextOptions) {
    assertOptions('PerContextProvider', options, OPTIONS)
    this.#options = options
    this.name = options.name
    if (options.otherwise) this.#named(options.otherwise)
  }

  async currentKek(context: EncryptionContext, options?: CallOptions): Promise<KekRef> {
    return (await this.#for(context)).currentKek(context, options)
  }

  async generateDataKey(context: EncryptionContext, options?: CallOptions): Promise<GeneratedDataKey> {
    return (await this.#for(context)).generateDataKey(context, options)
  }

  async wrap(dataKey: DataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    return (await this.#for(context)).wrap(dataKey, context, options)
  }

  async unwrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<DataKey> {
    return (await this.#for(context)).unwrap(wrapped, context, options)
  }

  async rewrap(wrapped: WrappedDataKey, context: EncryptionContext, options?: CallOptions): Promise<WrappedDataKey> {
    return (await this.#for(context)).rewrap(wrapped, context, options)
  }

  #for(context: EncryptionContext): Promise<KmsProvider> {
    const { pair, otherwise } = this.#options
    const value = Object.hasOwn(context, pair) ? context[pair] : undefined
    if (value !== undefined) return this.#known(value)
    if (otherwise) return Promise.resolve(otherwise)
    const entity = context['waxseal-entity'] ?? 'unknown'
    return Promise.reject(
      new ConfigurationError(
        `provider "${this.name}": expected the pair "${pair}" in the context of "${entity}", found none; declare it, or set "otherwise"`,
      ),
    )
  }

  #known(value: string): Promise<KmsProvider> {
    const known = this.#providers.get(value)
    if (known) return known
    const asked = this.#ask(value)
    this.#providers.set(value, asked)
    // Values come from rows: those that have no KEK would fill the memory, and one may get a KEK later.
    asked.catch(() => this.#providers.delete(value))
    return asked
  }

  async #ask(value: string): Promise<KmsProvider> {
    const provider = await this.#options.provider(value)
    if (provider) return this.#named(provider)
    throw new KekUnavailableError(
      `provider "${this.name}": there is no KEK for this value of "${this.#options.pair}"; add one, or the credential was given up with its KEK`,
    )
  }

  /** A wrap is stored under the name of its provider, by which it is found again. */
  #named(provider: KmsProvider): KmsProvider {
    if (provider.name === this.name) return provider
    throw new ConfigurationError(
      `provider "${this.name}": expected every provider to have this name, found "${provider.name}"`,
    )
  }
}
