import type { QueryRunner } from 'typeorm'
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js'
import { EnvelopeChangedError } from '../errors.js'
import { type EncryptedValue, type StoredField, stateOf } from './encrypted-value.js'
import type { Operation } from './operation.js'
import { isWritable, type StoredEnvelope, setWritable } from './stored-envelope.js'

interface Change {
  readonly entity: object
  readonly column: ColumnMetadata
  readonly original: unknown
  readonly written: EncryptedValue | StoredEnvelope
}

/**
 * What one operation put into entities in place of their plaintext. TypeORM reads it into its change sets once all hooks
 * are done, so the plaintext goes back into memory before the first statement is sent: whatever fails then, no ciphertext
 * is left behind to be encrypted again by a retry.
 */
export class WriteBatch {
  readonly operation: Operation
  readonly #writes: PendingWrites
  readonly #changes: Change[] = []
  readonly #ciphertexts = new Set<StoredField>()
  readonly #afterwards = new Map<object, (() => void)[]>()
  #restored = false

  constructor(writes: PendingWrites, operation: Operation) {
    this.#writes = writes
    this.operation = operation
  }

  /**
   * Throws once the operation has ended: TypeORM gives up at the first failing hook, and what we were still waiting for
   * must not change an entity afterwards.
   */
  assertUnderWay(): void {
    if (this.#restored || this.#writes.isReleased) {
      throw new EnvelopeChangedError('the operation ended before its fields were encrypted; nothing of it was written')
    }
  }

  /** Puts `written` into the entity until the statement is built. */
  replace(entity: object, column: ColumnMetadata, written: EncryptedValue | StoredEnvelope): void {
    this.#changes.push({ entity, column, original: column.getEntityValue(entity), written })
    const stored = stateOf(written)?.stored
    if (stored === undefined) setWritable(written, true)
    else this.#ciphertexts.add(stored)
    column.setEntityValue(entity, written)
  }

  /** Runs `run` once the row of `entity` is written. */
  afterWriting(entity: object, run: () => void): void {
    this.#afterwards.set(entity, [...(this.#afterwards.get(entity) ?? []), run])
    this.#writes.expect(entity, this)
  }

  written(entity: object): void {
    for (const run of this.#afterwards.get(entity) ?? []) run()
    this.#afterwards.delete(entity)
  }

  holds(parameter: unknown): boolean {
    return this.#ciphertexts.has(parameter as StoredField)
  }

  restore(): void {
    this.#restored = true
    for (const { entity, column, original, written } of this.#changes) {
      if (column.getEntityValue(entity) === written) column.setEntityValue(entity, withoutOtherWrites(original))
    }
  }

  /** From here on nothing of this batch can be written any more. */
  end(): void {
    this.restore()
    for (const { written } of this.#changes) setWritable(written, false)
    this.#changes.length = 0
  }
}

/** The batches of one query runner. */
export class PendingWrites {
  readonly #runner: QueryRunner
  readonly #batches = new Set<WriteBatch>()
  /** Read into statements, not all of which have run. */
  readonly #sent = new Set<WriteBatch>()
  readonly #expected = new WeakMap<object, WriteBatch>()
  #current: WriteBatch | undefined

  constructor(runner: QueryRunner) {
    this.#runner = runner
    // A save() releases a runner of its own when it ends, also when another subscriber made it fail before any statement.
    const release = runner.release.bind(runner)
    runner.release = () => {
      this.end()
      return release()
    }
  }

  get isReleased(): boolean {
    return this.#runner.isReleased
  }

  /** The batch of the operation whose hooks are being called; they are all called in one turn. */
  batch(start: () => Operation): WriteBatch {
    if (!this.#current) {
      this.#current = new WriteBatch(this, start())
      this.#batches.add(this.#current)
      queueMicrotask(() => {
        this.#current = undefined
      })
    }
    return this.#current
  }

  /** Whether a statement carries ciphertexts of a batch; if so, the batch's plaintexts go back into memory. */
  sending(parameters: readonly unknown[]): boolean {
    let found = false
    for (const batch of this.#batches) {
      if (!parameters.some((parameter) => batch.holds(parameter))) continue
      batch.restore()
      this.#batches.delete(batch)
      this.#sent.add(batch)
      found = true
    }
    return found
  }

  /** A retry of a failed operation replaces what that one still waited for. */
  expect(entity: object, batch: WriteBatch): void {
    this.#expected.set(entity, batch)
  }

  written(entity: object): void {
    const batch = this.#expected.get(entity)
    if (!batch) return
    this.#expected.delete(entity)
    // TypeORM calls the hooks after a write when all statements of the operation have run.
    this.#sent.delete(batch)
    this.#batches.delete(batch)
    batch.end()
    batch.written(entity)
  }

  /** The transaction or the runner is at its end. */
  end(): void {
    for (const batch of [...this.#batches, ...this.#sent]) batch.end()
    this.#batches.clear()
    this.#sent.clear()
  }
}

/** An instance that is being saved twice at once holds what the other operation put there. */
function withoutOtherWrites(original: unknown): unknown {
  const state = stateOf(original)
  if (state?.stored !== undefined && state.plaintext) return state.plaintext.value
  return isWritable(original) ? undefined : original
}
