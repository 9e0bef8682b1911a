import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js'
import { type EncryptedValue, isEncryptedValue, isInFlight, parametersOf, stateOf } from './encrypted-value.js'
import type { Operation } from './operation.js'
import type { ProtectedEntity } from './protected-entity.js'
import { isWritable, type StoredEnvelope, setWritable } from './stored-envelope.js'

interface Change {
  readonly column: ColumnMetadata
  readonly original: unknown
  readonly written: EncryptedValue | StoredEnvelope
}

/**
 * What was put into one entity in place of its plaintext. TypeORM reads it into its change sets once all hooks of the
 * operation are done, so the plaintext goes back into memory before the statement is sent: whatever fails then, no
 * ciphertext is left behind to be encrypted again by a retry.
 */
export class PendingRow {
  readonly entity: object
  readonly operation: Operation
  /** How many transactions and savepoints were open when its hook was called. */
  readonly depth: number
  readonly #watch: (parameter: unknown) => void
  readonly #changes: Change[] = []
  readonly #checks: (() => void)[] = []
  readonly #afterwards: ((statement: string) => void)[] = []
  #unset: readonly ColumnMetadata[] = []
  #statement = ''

  /** `watch` is told the parameters by which the row's statement is known. */
  constructor(entity: object, operation: Operation, depth: number, watch: (parameter: unknown) => void) {
    this.entity = entity
    this.operation = operation
    this.depth = depth
    this.#watch = watch
  }

  /** Puts `written` into the entity until the statement is built. */
  replace(column: ColumnMetadata, written: EncryptedValue | StoredEnvelope): void {
    this.operation.assertUnderWay()
    this.#changes.push({ column, original: column.getEntityValue(this.entity), written })
    if (!isEncryptedValue(written)) setWritable(written, true)
    for (const parameter of parametersOf(written)) this.#watch(parameter)
    column.setEntityValue(this.entity, written)
  }

  /** The parameters by which the statement of the row is known. */
  get parameters(): readonly unknown[] {
    return this.#changes.flatMap(({ written }) => parametersOf(written))
  }

  /** Runs `check` when the statement of the row has been built; what it throws keeps it from being sent. */
  beforeSending(check: () => void): void {
    this.#checks.push(check)
  }

  /** Runs `run`, which is given the statement, once the row is written. */
  afterWriting(run: (statement: string) => void): void {
    this.#afterwards.push(run)
  }

  /**
   * TypeORM sets every nullable property that was undefined to null once its statements have run (#9579), whether or not
   * they are committed: the next save would then erase fields that were never loaded.
   */
  keepUnset({ fields }: ProtectedEntity): void {
    this.#unset = fields.flatMap(({ column }) => (column.getEntityValue(this.entity) === undefined ? column : []))
  }

  restoreUnset(): void {
    for (const column of this.#unset) {
      if (column.getEntityValue(this.entity) === null) column.setEntityValue(this.entity, undefined)
    }
  }

  sent(statement: string): void {
    this.#statement = statement
    this.#restore()
    for (const check of this.#checks) check()
  }

  written(): void {
    this.end()
    for (const run of this.#afterwards.splice(0)) run(this.#statement)
  }

  /** From here on what was put into the entity can be written no more. */
  end(): void {
    this.#restore()
    this.restoreUnset()
    for (const { written } of this.#changes.splice(0)) setWritable(written, false)
  }

  #restore(): void {
    for (const { column, original, written } of this.#changes) {
      if (column.getEntityValue(this.entity) !== written) continue
      column.setEntityValue(this.entity, withoutOtherWrites(original))
    }
  }
}

/** An instance that is being saved twice at once holds what the other operation put there. */
function withoutOtherWrites(original: unknown): unknown {
  if (isInFlight(original)) return stateOf(original)?.plaintext?.value
  return isWritable(original) ? undefined : original
}
