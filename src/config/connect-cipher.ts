import type { AccessLog } from '../envelope/access-log.js'
import type { EnvelopeCipherOptions } from '../envelope/cipher-options.js'
import type { DataKeyCacheOptions } from '../envelope/data-key-cache.js'
import { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import { ConfigurationError } from '../errors.js'
import type { CallLedger } from '../kms/call-ledger.js'
import { LimitingProvider } from '../kms/limiting-provider.js'
import { assertKnown } from '../kms/options.js'
import type { KmsProvider } from '../kms/provider.js'
import { ProvingProvider } from '../kms/proving-provider.js'
import { RetryingProvider, type RetryOptions } from '../kms/retrying-provider.js'
import type { Configuration } from './configuration.js'
import { openConfiguredLedger } from './connect-ledger.js'
import { connectProvider, connectRecipient } from './connect-provider.js'
import { type LoadedConfiguration, loadConfiguration, validateConfiguration } from './load-configuration.js'
import { RecordedCipher } from './recorded-cipher.js'

export interface CipherOptions {
  /** Gets every call to a KMS before it is sent. Default: that of `audit.ledger` in the configuration, else none. */
  readonly ledger?: CallLedger
  /** Of calls that fail and may succeed later; see `RetryOptions`. */
  readonly retry?: RetryOptions
  /** How many calls may be on their way to each KMS at a time. Default 128. */
  readonly maxInFlight?: number
  /**
   * Puts something of your own around each provider, such as `ObservedProvider` of `waxseal/opentelemetry`: inside the retry
   * and the cap on calls in flight, so that it sees each attempt when it is sent, and outside the ledger.
   */
  readonly decorate?: (provider: KmsProvider) => KmsProvider
  /** As of `EnvelopeCipher`. */
  readonly cache?: DataKeyCacheOptions | false
  /** As of `EnvelopeCipher`. */
  readonly timeoutMs?: number
  /** As of `EnvelopeCipher`. */
  readonly accessLog?: AccessLog
}

export interface ConnectOptions extends CipherOptions {
  /** Instead of a file or the environment. */
  readonly configuration?: Configuration
  /** The configuration file, where it is not the `waxseal.config.*` of the working directory. */
  readonly file?: string
}

const OPTIONS = [
  'configuration',
  'file',
  'ledger',
  'retry',
  'maxInFlight',
  'decorate',
  'cache',
  'timeoutMs',
  'accessLog',
]

/**
 * The cipher of the configuration: a file, else the environment. Calls no KMS, and does not look at `dataSource` or
 * `tables`. Rejects with `ConfigurationError`.
 */
export async function connectCipher(options: ConnectOptions = {}): Promise<EnvelopeCipher> {
  assertKnown('connectCipher', options, OPTIONS)
  const { configuration, file, ...rest } = options
  if (configuration !== undefined && file !== undefined) {
    throw new ConfigurationError('connectCipher: expected "configuration" or "file", found both')
  }
  const loaded = configuration
    ? validateConfiguration(configuration)
    : await loadConfiguration(file === undefined ? {} : { file })
  return cipherOf(loaded, rest)
}

/** The cipher of a configuration that was loaded already. */
export async function cipherOf(
  configuration: LoadedConfiguration,
  options: CipherOptions = {},
): Promise<EnvelopeCipher> {
  if (options.ledger) return build(configuration, options)
  const ledger = await openConfiguredLedger(configuration)
  if (!ledger) return build(configuration, options)
  try {
    return await build(configuration, { ...options, ledger }, (parts) => new RecordedCipher(parts, ledger))
  } catch (error) {
    await ledger.close()
    throw error
  }
}

async function build(
  configuration: LoadedConfiguration,
  options: CipherOptions,
  make = (parts: EnvelopeCipherOptions) => new EnvelopeCipher(parts),
): Promise<EnvelopeCipher> {
  const { ledger, retry, maxInFlight, decorate, cache, timeoutMs, accessLog } = options
  const limit = maxInFlight === undefined ? {} : { maxInFlight }
  const surround = (provider: KmsProvider) => {
    const decorated = decorate ? decoratedBy(decorate, provider) : provider
    return new RetryingProvider(new LimitingProvider(decorated, limit), retry)
  }
  const surroundWrapping = (provider: KmsProvider) => new ProvingProvider(surround(provider))
  const recipients = await Promise.all(configuration.recipients.map((each) => connectRecipient(each, ledger)))
  const accepted = await Promise.all(
    configuration.accepted.map(async ({ provider, kek, until }) => ({
      provider: surround(await connectProvider(provider, ledger)),
      ...(kek && { kek: kek.version === undefined ? { id: kek.id } : { id: kek.id, version: kek.version } }),
      ...(until && { until }),
    })),
  )
  return make({
    provider: surroundWrapping(await connectProvider(configuration.provider, ledger)),
    recipients: recipients.map((recipient) => ('unwrap' in recipient ? surroundWrapping(recipient) : recipient)),
    accepted,
    ...(cache !== undefined && { cache }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(accessLog && { accessLog }),
  })
}

/** The name is stored with every wrap: under another one, no row could be read without this decorator. */
function decoratedBy(decorate: NonNullable<CipherOptions['decorate']>, provider: KmsProvider): KmsProvider {
  const decorated = decorate(provider)
  if (decorated?.name === provider.name) return decorated
  throw new ConfigurationError(`connectCipher: "decorate" must return a provider of the name "${provider.name}"`)
}
