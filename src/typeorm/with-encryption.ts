import { type DataSource, EventSubscriber, type MixedList } from 'typeorm'
import { ConfigurationError } from '../errors.js'
import { systemClock } from '../kms/clock.js'
import type { FleetMember } from '../lifecycle/index.js'
import { refuseCachedPlaintext } from './cached-plaintext.js'
import { refuseAsParameters } from './decrypted-entity.js'
import { assertEncryptionOptions, cipherOf, type EncryptionOptions } from './encryption-options.js'
import { expectedContextOf } from './expected-context.js'
import { joinFleetOf } from './fleet.js'
import { GuardCheck } from './guard-check.js'
import { installGuards, removeGuards } from './install-guards.js'
import { MODES } from './mode.js'
import { countsOf } from './plaintext-reads.js'
import { PredicateRule } from './predicate-rule.js'
import { sharedWeakMap } from './shared-state.js'
import { addSourceColumns } from './source-columns.js'
import { countSubscribers, EncryptionSubscriber, type SubscriberSetup } from './subscriber.js'
import { validateEntities } from './validate.js'
import { type StatementCheck, watchCache, watchStatements } from './watch-statements.js'
import { cipherOfModeOff } from './without-cipher.js'

/** Shared by the builds: `waxseal doctor` is ESM and asks about DataSources of CommonJS applications. */
const installed = sharedWeakMap<DataSource, EncryptionOptions>('waxseal.encryption-options')

/**
 * Adds encryption to a DataSource that is not initialised yet, and returns the same DataSource. Its entities are
 * validated by each `initialize()`, before anything is synchronised or migrated.
 */
export function withEncryption<D extends DataSource>(dataSource: D, options: EncryptionOptions): D {
  assertEncryptionOptions(dataSource, options)
  if (dataSource.isInitialized) throw new ConfigurationError('withEncryption: call it before initialize()')
  if (installed.has(dataSource)) throw new ConfigurationError('withEncryption: the DataSource has encryption already')
  installed.set(dataSource, options)
  const clock = options.clock ?? systemClock
  const mode = MODES[options.mode ?? 'enforce']
  let setup: SubscriberSetup | undefined
  let fleet: FleetMember | undefined
  let predicates: PredicateRule | undefined
  let isGuarded = false
  const checkStatement: StatementCheck = (query, parameters) => {
    predicates?.check(query)
    refuseAsParameters(parameters)
  }

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
  ownOptions(dataSource)
  dataSource.setOptions({ subscribers: [...listOf(dataSource.options.subscribers), Subscriber] })

  watchStatements(dataSource, checkStatement)
  const internals = dataSource as unknown as { buildMetadatas(): Promise<void> }
  const { initialize, destroy, synchronize } = dataSource
  const { buildMetadatas } = internals
  internals.buildMetadatas = async () => {
    await buildMetadatas.call(dataSource)
    validateEntities(dataSource)
    addSourceColumns(dataSource, mode)
    const count = countSubscribers(dataSource)
    if (count > 1)
      throw new ConfigurationError(`expected one encryption subscriber, found ${count}: call withEncryption once`)
  }
  dataSource.initialize = async () => {
    if (listOf(dataSource.options.subscribers).includes(Subscriber)) {
      setup = {
        cipher: mode.name === 'off' ? cipherOfModeOff : await cipherOf(options),
        timeoutMs: options.timeoutMs ?? 5_000,
        clock,
        onUnreadable: options.onUnreadable ?? 'throw',
        expectedContext: expectedContextOf(dataSource, options),
        mode,
        plaintextReads: countsOf(dataSource),
        credentialLog: options.credentialLog,
        guard: new GuardCheck(dataSource, options.guard ?? 'require', mode),
      }
      predicates = new PredicateRule(dataSource)
      watchCache(dataSource, (query, parameters) => {
        checkStatement(query, parameters)
        refuseCachedPlaintext(dataSource, mode, query)
      })
    }
    isGuarded = false
    await initialize.call(dataSource)
    try {
      // TypeORM synchronises after its migrations, and the guard is installed with that.
      if (options.guard === 'install' && !isGuarded) await installGuards(dataSource, mode)
      if (setup && mode.name !== 'off') fleet = await joinFleetOf(dataSource, setup.cipher, options)
    } catch (error) {
      // As TypeORM does when it fails to start: nobody would close the pool of a DataSource that was never ready.
      await dataSource.destroy()
      throw error
    }
    return dataSource
  }
  dataSource.synchronize = async (dropBeforeSync) => {
    if (options.guard !== 'install') return synchronize.call(dataSource, dropBeforeSync)
    // Postgres refuses to alter a column that a trigger's condition reads.
    await removeGuards(dataSource)
    await synchronize.call(dataSource, dropBeforeSync)
    await installGuards(dataSource, mode)
    isGuarded = true
  }
  dataSource.destroy = async () => {
    await destroy.call(dataSource)
    // Afterwards: TypeORM takes the connections of what still runs, which then fails and stores nothing, but its calls to a KMS
    // have an end to be written down. A cipher that was handed in is its owner's to close.
    try {
      if (typeof options.cipher === 'function') await setup?.cipher.close()
    } finally {
      // Last: as long as something could be stored, the process is at work.
      await fleet?.leave()
      fleet = undefined
    }
  }
  return dataSource
}

/**
 * TypeORM keeps the object that it was given, and `setOptions` writes into it. Others may be made from that object: the one
 * for TypeORM's command line beside the application's, and Nest makes one more at each attempt to connect.
 */
function ownOptions(dataSource: DataSource): void {
  const options = { ...dataSource.options }
  Object.assign(dataSource, { options })
  Object.assign(dataSource.driver, { options })
}

/** The options given to `withEncryption`, for `doctor`. */
export function encryptionOptionsOf(dataSource: DataSource): EncryptionOptions | undefined {
  return installed.get(dataSource)
}

function listOf<T>(list: MixedList<T> | undefined): T[] {
  return list === undefined ? [] : Array.isArray(list) ? [...list] : Object.values(list as Record<string, T>)
}
