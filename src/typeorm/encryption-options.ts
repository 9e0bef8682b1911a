import type { DataSource } from 'typeorm'
import type { CredentialLog } from '../envelope/credential-log.js'
import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import { ConfigurationError } from '../errors.js'
import type { Clock } from '../kms/clock.js'
import { assertOptions, CLOCK, hasMethods, isFunction, type OptionRules, wholeNumberFrom } from '../kms/options.js'
import { ENCRYPTION_MODES, type EncryptionMode } from '../postgres/field-adoption.js'
import type { FleetMode } from './fleet.js'
import type { GuardMode } from './guard-check.js'
import { isProduction } from './production.js'

export interface EncryptionOptions {
  /**
   * The cipher, or a function that makes one at each `initialize()`, which `destroy()` then closes. Not asked for where the subscribers are emptied first,
   * as by `migration:run`, `migration:revert` and `migration:show`.
   */
  readonly cipher: EnvelopeCipher | (() => EnvelopeCipher | Promise<EnvelopeCipher>)
  /** Default `require`. */
  readonly guard?: GuardMode
  /**
   * Whether the process is known to whoever retires KEKs and shreds credentials. Default `auto`: where the schema `waxseal` is
   * installed when it starts.
   */
  readonly fleet?: FleetMode
  /**
   * What is done with rows that have no envelope; see `docs/adoption.md`. Default `enforce`: there are none. Concerns entities
   * with adopted fields, and with `off` all of them: nothing is encrypted, for development.
   */
  readonly mode?: EncryptionMode
  /** Lets the mode `off` start although `NODE_ENV` is `production`. Default false. */
  readonly allowOffInProduction?: boolean
  /** One bad row in a `find()`: fail it, or leave its fields as `EncryptedValue`s. Default `throw`. */
  readonly onUnreadable?: 'throw' | 'leave'
  /**
   * The pairs that rows must have, such as the tenant of the request. Asked for at each operation. A pair that an entity
   * does not declare says nothing about its rows; one that no entity declares is an error.
   */
  readonly expectedContext?: () => Readonly<Record<string, string>> | undefined
  /** Told of what is done to rows: create, read, update, delete. Default: nobody is. */
  readonly credentialLog?: CredentialLog
  /** For all KMS calls of one operation together. Milliseconds, default 5,000. */
  readonly timeoutMs?: number
  /** Default: that of the system. Tests pass one that they move by hand. */
  readonly clock?: Clock
}

const isOneOf = (names: readonly unknown[]) => (value: unknown) => names.includes(value)

/** By what it can do: it may come from another copy of the library. */
const isCipher = (value: unknown) => hasMethods(value, ['mint', 'open', 'openCached', 'close'])

const GUARD_MODES: readonly GuardMode[] = ['require', 'install', 'warn']

const FLEET_MODES: readonly FleetMode[] = ['auto', 'require', 'off']

const OPTIONS: OptionRules<EncryptionOptions> = {
  cipher: [(value) => isFunction(value) || isCipher(value), 'be an EnvelopeCipher, or a function that returns one'],
  guard: [isOneOf(GUARD_MODES), `be one of ${GUARD_MODES.join(', ')}`],
  fleet: [isOneOf(FLEET_MODES), `be one of ${FLEET_MODES.join(', ')}`],
  mode: [isOneOf(ENCRYPTION_MODES), `be one of ${ENCRYPTION_MODES.join(', ')}`],
  allowOffInProduction: [isOneOf([true, false]), 'be true or false'],
  onUnreadable: [isOneOf(['throw', 'leave']), 'be throw or leave'],
  expectedContext: [isFunction, 'be a function that returns the expected pairs'],
  credentialLog: [(value) => hasMethods(value, ['record', 'room']), 'have the methods record and room'],
  timeoutMs: wholeNumberFrom(1),
  clock: CLOCK,
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
  assertOptions('withEncryption', options, OPTIONS)
  if (options.mode === 'off') assertModeOff(options)
}

function assertModeOff({ guard, allowOffInProduction = false }: EncryptionOptions): void {
  if (isProduction() && !allowOffInProduction) {
    throw new ConfigurationError(
      'withEncryption: refused to start in the mode off with NODE_ENV=production: credentials would be stored in plaintext; ' +
        'leave "mode" out, or set "allowOffInProduction"',
    )
  }
  if (guard === 'install') {
    throw new ConfigurationError(
      'withEncryption: in the mode off the guard would refuse every write; leave "guard" out',
    )
  }
}
