import type { DataSource } from 'typeorm'
import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import { ConfigurationError } from '../errors.js'
import type { Clock } from '../kms/clock.js'
import type { GuardMode } from './guard-check.js'

export interface EncryptionOptions {
  /**
   * The cipher, or a function that makes one at each `initialize()`. Not asked for where the subscribers are emptied first,
   * as by `migration:run`, `migration:revert` and `migration:show`.
   */
  readonly cipher: EnvelopeCipher | (() => EnvelopeCipher | Promise<EnvelopeCipher>)
  /** Default `require`. */
  readonly guard?: GuardMode
  /** One bad row in a `find()`: fail it, or leave its fields as `EncryptedValue`s. Default `throw`. */
  readonly onUnreadable?: 'throw' | 'leave'
  /**
   * The pairs that rows must have, such as the tenant of the request. Asked for at each operation. A pair that an entity
   * does not declare says nothing about its rows; one that no entity declares is an error.
   */
  readonly expectedContext?: () => Readonly<Record<string, string>> | undefined
  /** For all KMS calls of one operation together. Milliseconds, default 5,000. */
  readonly timeoutMs?: number
  readonly clock?: Clock
}

const isFunction = (value: unknown) => typeof value === 'function'
const isOneOf = (names: readonly unknown[]) => (value: unknown) => names.includes(value)
const has = (value: unknown, methods: readonly string[]) => {
  return methods.every((method) => isFunction((value as Record<string, unknown>)[method]))
}

/** By what it can do: it may come from another copy of the library. */
const isCipher = (value: unknown) => {
  return typeof value === 'object' && value !== null && has(value, ['mint', 'open', 'openCached', 'forgetAll'])
}

const GUARD_MODES: readonly GuardMode[] = ['require', 'install', 'warn']

const OPTIONS: Readonly<Record<keyof EncryptionOptions, readonly [fits: (value: unknown) => boolean, must: string]>> = {
  cipher: [(value) => isFunction(value) || isCipher(value), 'be an EnvelopeCipher, or a function that returns one'],
  guard: [isOneOf(GUARD_MODES), `be one of ${GUARD_MODES.join(', ')}`],
  onUnreadable: [isOneOf(['throw', 'leave']), 'be throw or leave'],
  expectedContext: [isFunction, 'be a function that returns the expected pairs'],
  timeoutMs: [(value) => Number.isSafeInteger(value) && (value as number) > 0, 'be a whole number from 1'],
  clock: [(value) => has(value, ['now', 'after']), 'have the methods now and after'],
}

/** The cipher of one start. */
export async function cipherOf({ cipher }: EncryptionOptions): Promise<EnvelopeCipher> {
  if (typeof cipher !== 'function') return cipher
  const made = await cipher()
  if (isCipher(made)) return made
  throw new ConfigurationError('withEncryption: "cipher" is a function that returned no EnvelopeCipher')
}

export function assertEncryptionOptions(dataSource: DataSource, options: EncryptionOptions): void {
  const { type } = dataSource.options
  if (type !== 'postgres')
    throw new ConfigurationError(`withEncryption: expected a DataSource of type postgres, found ${type}`)
  if (options.cipher === undefined) {
    throw new ConfigurationError(`withEncryption: "cipher" is required, and must ${OPTIONS.cipher[1]}`)
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(OPTIONS, name)) {
      const known = Object.keys(OPTIONS).join(', ')
      throw new ConfigurationError(`withEncryption: unknown option "${name}"; expected one of ${known}`)
    }
    const [fits, must] = OPTIONS[name as keyof EncryptionOptions]
    if (value !== undefined && (value === null || !fits(value))) {
      throw new ConfigurationError(`withEncryption: "${name}" must ${must}`)
    }
  }
}
