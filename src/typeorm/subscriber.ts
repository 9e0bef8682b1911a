import type {
  AfterQueryEvent,
  BeforeQueryEvent,
  DataSource,
  EntitySubscriberInterface,
  InsertEvent,
  LoadEvent,
  QueryRunner,
  SoftRemoveEvent,
  TransactionRollbackEvent,
  UpdateEvent,
} from 'typeorm'
import type { CredentialAction } from '../envelope/credential-log.js'
import { ConfigurationError } from '../errors.js'
import { SUCCESS } from '../kms/event-log.js'
import { credentialOf, tell, tellFailure } from './credential-events.js'
import { decryptLoaded } from './decrypt-on-load.js'
import { refuseInJsonColumns } from './decrypted-entity.js'
import { encryptInsert } from './encrypt-insert.js'
import { encryptUpdate } from './encrypt-update.js'
import type { GuardCheck } from './guard-check.js'
import { guardRefusal } from './guard-refusals.js'
import { type EncryptionSetup, type Operation, startOperation } from './operation.js'
import type { PendingRow } from './pending-row.js'
import { PendingWrites } from './pending-writes.js'
import { type ProtectedEntity, protectedEntityOf } from './protected-entity.js'
import { refuseUnknownRows, refuseUpsert } from './query-builder-writes.js'
import { isRefusedParameter } from './refused-parameter.js'
import { checked, settled } from './settled.js'

/** What the subscriber works with between `initialize()` and `destroy()`. */
export interface SubscriberSetup extends EncryptionSetup {
  readonly guard: GuardCheck
}

/** The part of TypeORM's event that is read here. */
export type RowUpdate = Pick<UpdateEvent<object>, 'entity' | 'databaseEntity' | 'metadata' | 'queryRunner'>

type RowRemoval = Pick<SoftRemoveEvent<object>, 'entity' | 'databaseEntity' | 'metadata' | 'queryRunner'>

/** What is read here of TypeORM's events after a statement. */
type WrittenEvent = Pick<InsertEvent<object>, 'metadata' | 'queryRunner'> & {
  readonly entity?: object | undefined
  readonly databaseEntity?: object | undefined
}

const BRAND = Symbol.for('waxseal.subscriber')

/**
 * Encrypts before a write, decrypts after a load, and refuses the statements that would bypass either.
 *
 * TypeORM starts the hooks of all rows in one turn and gives up at the first that fails, so no hook throws
 * synchronously and every promise is marked as handled.
 */
export class EncryptionSubscriber implements EntitySubscriberInterface {
  readonly [BRAND] = true
  /** @internal Throws before `initialize()`. */
  readonly setup: () => SubscriberSetup
  readonly #pending = new WeakMap<QueryRunner, PendingWrites>()
  #loading: Operation | undefined
  #loadingOn: QueryRunner | undefined

  constructor(setup: () => SubscriberSetup) {
    this.setup = setup
  }

  beforeInsert({ entity, metadata, queryRunner }: InsertEvent<object>): Promise<void> | void {
    if (!entity) return undefined
    const refused = checked(() => refuseInJsonColumns(metadata, entity))
    const protection = protectedEntityOf(metadata)
    if (refused || !protection) return refused
    return this.#write(queryRunner, protection, entity, 'create', (row) => encryptInsert(this.setup(), protection, row))
  }

  beforeUpdate({ entity, databaseEntity, metadata, queryRunner }: RowUpdate): Promise<void> | void {
    if (!entity) return undefined
    const refused = checked(() => refuseInJsonColumns(metadata, entity))
    const protection = protectedEntityOf(metadata)
    if (refused || !protection) return refused
    return this.#write(queryRunner, protection, entity, 'update', async (row) => {
      // update() and query builders come without the row: it may be any number of rows.
      if (!databaseEntity) refuseUnknownRows(protection, entity)
      else await encryptUpdate(this.setup(), protection, databaseEntity, row, queryRunner)
    })
  }

  afterInsert(event: InsertEvent<object>): Promise<void> | void {
    return this.#written('create', event, event.entity)
  }

  afterUpdate(event: RowUpdate): Promise<void> | void {
    // Without the row it is by criteria, and may be any number of rows.
    return this.#written('update', event, event.databaseEntity && event.entity)
  }

  afterRemove(event: RowRemoval): Promise<void> | void {
    return this.#written('delete', event, event.entity)
  }

  beforeSoftRemove(event: RowRemoval): void {
    this.#keepUnset(event)
  }

  afterSoftRemove(event: RowRemoval): Promise<void> | void {
    return this.#written('soft-delete', event, event.entity)
  }

  beforeRecover(event: RowRemoval): void {
    this.#keepUnset(event)
  }

  afterRecover(event: RowRemoval): Promise<void> | void {
    return this.#written('recover', event, event.entity)
  }

  afterLoad(entity: object, event?: LoadEvent<object>): Promise<void> | void {
    if (!event) return undefined
    const operation = () => this.#loadOperation(event.queryRunner)
    const decrypting = decryptLoaded(this.setup(), event.metadata, entity, operation)
    if (decrypting) {
      const current = operation()
      decrypting.catch(() => current.end())
    }
    return decrypting
  }

  beforeTransactionRollback({ queryRunner }: TransactionRollbackEvent): void {
    this.setup().guard.forgetChecksOf(queryRunner)
  }

  beforeQuery({ query, parameters, queryRunner }: BeforeQueryEvent): void {
    const values: unknown[] = Array.isArray(parameters) ? parameters : []
    const pending = this.#pending.get(queryRunner)
    try {
      const carriesCiphertext = pending?.sending(query, values)
      const refused = values.find(isRefusedParameter)
      if (refused) throw refused.refusal()
      if (carriesCiphertext) refuseUpsert(query)
    } catch (error) {
      pending?.failed()
      throw error
    }
  }

  afterQuery({ error, queryRunner }: AfterQueryEvent): Promise<void> | void {
    if (error !== undefined) this.#pending.get(queryRunner)?.failed()
    const refusal = error === undefined ? undefined : guardRefusal(error)
    // TypeORM awaits this before it rejects with its own error, so this one takes its place.
    if (refusal) return settled(Promise.reject(refusal))
  }

  #write(
    queryRunner: QueryRunner,
    protection: ProtectedEntity,
    entity: object,
    action: CredentialAction,
    encrypt: (row: PendingRow) => Promise<void>,
  ): Promise<void> {
    const row = this.#row(queryRunner, entity)
    const encrypted = async () => {
      try {
        // Awaited also where nothing is left to check: the other listeners and subscribers of this turn may still change
        // the entity.
        await this.setup().guard.assert(protection, queryRunner)
        row.operation.assertUnderWay()
        await encrypt(row)
      } catch (error) {
        this.#pendingOf(queryRunner).abandon(row.operation)
        const credential = credentialOf(protection, entity)
        return await tellFailure(this.setup(), action, credential, error, row.operation.options)
      }
    }
    return settled(encrypted())
  }

  /** A soft removal writes no field, but TypeORM treats the entity afterwards as one that it has updated. */
  #keepUnset({ entity, metadata, queryRunner }: RowRemoval): void {
    const protection = entity && protectedEntityOf(metadata)
    if (protection) this.#row(queryRunner, entity).keepUnset(protection)
  }

  #row(queryRunner: QueryRunner, entity: object): PendingRow {
    return this.#pendingOf(queryRunner).row(entity, () => startOperation(this.setup(), queryRunner))
  }

  /** `row`: the entity that was written, where it is known which. */
  #written(action: CredentialAction, event: WrittenEvent, row: object | undefined): Promise<void> | void {
    const { entity, databaseEntity, metadata, queryRunner } = event
    const failed = entity && checked(() => this.#pending.get(queryRunner)?.written(entity))
    const protection = protectedEntityOf(metadata)
    if (failed || !protection) return failed
    const setup = this.setup()
    if (!setup.credentialLog) return undefined
    const wait = { deadline: setup.clock.now() + setup.timeoutMs }
    return settled(tell(setup, action, credentialOf(protection, row, row && databaseEntity), SUCCESS, wait))
  }

  #pendingOf(queryRunner: QueryRunner): PendingWrites {
    const pending = this.#pending.get(queryRunner) ?? new PendingWrites(queryRunner)
    this.#pending.set(queryRunner, pending)
    return pending
  }

  /** One operation for all rows whose load hooks are called in one turn, for one runner. */
  #loadOperation(runner: QueryRunner): Operation {
    if (!this.#loading || this.#loadingOn !== runner) {
      this.#loading = startOperation(this.setup(), runner)
      this.#loadingOn = runner
      queueMicrotask(() => {
        this.#loading = undefined
        this.#loadingOn = undefined
      })
    }
    return this.#loading
  }
}

/** The subscriber of a DataSource, for what is done beside `save()`. */
export function subscriberOf(dataSource: DataSource): EncryptionSubscriber {
  const subscriber = dataSource.subscribers.find((each) => BRAND in each)
  if (subscriber) return subscriber as EncryptionSubscriber
  throw new ConfigurationError('the DataSource has no encryption: call withEncryption() on it before initialize()')
}

/** How many of our subscribers a DataSource has, whichever copy of the library made them. */
export function countSubscribers(dataSource: DataSource): number {
  return dataSource.subscribers.filter((subscriber) => BRAND in subscriber).length
}
