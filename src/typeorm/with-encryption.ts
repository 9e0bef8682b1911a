import { type DataSource, EventSubscriber, type MixedList } from 'typeorm'
import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import { ConfigurationError } from '../errors.js'
import { type Clock, systemClock } from '../kms/clock.js'
import { GuardCheck, type GuardMode } from './guard-check.js'
import { installGuards, removeGuards } from './install-guards.js'
import { PredicateRule } from './predicate-rule.js'
import { countSubscribers, EncryptionSubscriber, type SubscriberSetup } from './subscriber.js'
import { validateEntities } from './validate.js'

export interface EncryptionOptions {
  /** The cipher, or a function that makes one at each `initialize()`. Not asked for by `migration:run` and its like. */
  readonly cipher: EnvelopeCipher | (() => EnvelopeCipher | Promise<EnvelopeCipher>)
  /** Default `require`. */
  readonly guard?: GuardMode
  /** One bad row in a `find()`: fail it, or leave its fields as `EncryptedValue`s. Default `throw`. */
  readonly onUnreadable?: 'throw' | 'leave'
  /** The pairs that rows must have, such as the tenant of the request. Asked for at each operation. */
  readonly expectedContext?: () => Readonly<Record<string, string>> | undefined
  /** For all KMS calls of one operation together. Milliseconds, default 5,000. */
  readonly timeoutMs?: number
  readonly clock?: Clock
}

const OPTIONS = new Set(['cipher', 'guard', 'onUnreadable', 'expectedContext', 'timeoutMs', 'clock'])
const GUARD_MODES: readonly string[] = ['require', 'install', 'warn']
const installed = new WeakMap<DataSource, EncryptionOptions>()

/**
 * Adds encryption to a DataSource that is not initialised yet, and returns the same DataSource. Its entities are
 * validated by each `initialize()`, before anything is synchronised or migrated.
 */
export function withEncryption<D extends DataSource>(dataSource: D, options: EncryptionOptions): D {
  checkOptions(dataSource, options)
  installed.set(dataSource, options)
  const clock = options.clock ?? systemClock
  let setup: SubscriberSetup | undefined

  // TypeORM makes subscribers from classes only and ignores instances without a word; a class survives destroy() and
  // initialize(), and is left out where TypeORM's own commands empty the list.
  class Subscriber extends EncryptionSubscriber {
    constructor() {
      super(() => {
        if (setup) return setup
        throw new ConfigurationError('the DataSource is not initialised')
      })
    }
  }
  EventSubscriber()(Subscriber)
  dataSource.setOptions({ subscribers: [...listOf(dataSource.options.subscribers), Subscriber] })

  const internals = dataSource as unknown as { buildMetadatas(): Promise<void> }
  const { initialize, destroy, synchronize } = dataSource
  const { buildMetadatas } = internals
  internals.buildMetadatas = async () => {
    await buildMetadatas.call(dataSource)
    validateEntities(dataSource)
    const count = countSubscribers(dataSource)
    if (count > 1)
      throw new ConfigurationError(`expected one encryption subscriber, found ${count}: call withEncryption once`)
  }
  dataSource.initialize = async () => {
    if (listOf(dataSource.options.subscribers).includes(Subscriber)) {
      setup = {
        cipher: typeof options.cipher === 'function' ? await options.cipher() : options.cipher,
        timeoutMs: options.timeoutMs ?? 5_000,
        clock,
        onUnreadable: options.onUnreadable ?? 'throw',
        expectedContext: options.expectedContext,
        guard: new GuardCheck(dataSource, options.guard ?? 'require'),
        predicates: new PredicateRule(dataSource),
      }
    }
    await initialize.call(dataSource)
    if (options.guard === 'install') await installGuards(dataSource)
    return dataSource
  }
  dataSource.synchronize = async (dropBeforeSync) => {
    if (options.guard !== 'install') return synchronize.call(dataSource, dropBeforeSync)
    // Postgres refuses to alter a column that a trigger's condition reads.
    await removeGuards(dataSource)
    await synchronize.call(dataSource, dropBeforeSync)
    await installGuards(dataSource)
  }
  dataSource.destroy = async () => {
    await destroy.call(dataSource)
    // A cipher that was handed in is its owner's to empty.
    if (typeof options.cipher === 'function') setup?.cipher.forgetAll()
  }
  return dataSource
}

/** The options given to `withEncryption`, for `doctor`. */
export function encryptionOptionsOf(dataSource: DataSource): EncryptionOptions | undefined {
  return installed.get(dataSource)
}

function checkOptions(dataSource: DataSource, options: EncryptionOptions): void {
  for (const name of Object.keys(options)) {
    if (!OPTIONS.has(name))
      throw new ConfigurationError(
        `withEncryption: unknown option "${name}"; expected one of ${[...OPTIONS].join(', ')}`,
      )
  }
  if (!options.cipher)
    throw new ConfigurationError(
      'withEncryption: "cipher" is required: an EnvelopeCipher, or a function that returns one',
    )
  if (options.guard !== undefined && !GUARD_MODES.includes(options.guard)) {
    throw new ConfigurationError(`withEncryption: "guard" must be one of ${GUARD_MODES.join(', ')}`)
  }
  if (options.onUnreadable !== undefined && options.onUnreadable !== 'throw' && options.onUnreadable !== 'leave') {
    throw new ConfigurationError('withEncryption: "onUnreadable" must be throw or leave')
  }
  if (dataSource.isInitialized) throw new ConfigurationError('withEncryption: call it before initialize()')
  if (installed.has(dataSource)) throw new ConfigurationError('withEncryption: the DataSource has encryption already')
}

function listOf<T>(list: MixedList<T> | undefined): T[] {
  return list === undefined ? [] : Array.isArray(list) ? [...list] : Object.values(list as Record<string, T>)
}
