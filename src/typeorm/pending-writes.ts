import type { QueryRunner } from 'typeorm'
import type { Operation } from './operation.js'
import { PendingRow } from './pending-row.js'

/** Savepoints included: what was rolled back to one is as gone. */
const ENDS_TRANSACTION = /^\s*(?:COMMIT|ROLLBACK)\b/i

/**
 * The rows that one query runner is about to write. Several operations can be under way on it at once: saves started
 * together in one transaction, and what other subscribers save in their hooks. So a row is followed by itself, and ends
 * with the transaction or savepoint in which it began.
 */
export class PendingWrites {
  readonly #rows = new Set<PendingRow>()
  readonly #byParameter = new Map<unknown, PendingRow>()
  /** A retry of a failed operation replaces what that one still waited for. */
  readonly #byEntity = new WeakMap<object, PendingRow>()
  readonly #runner: { readonly transactionDepth?: number }
  #operation: Operation | undefined

  constructor(runner: QueryRunner) {
    this.#runner = runner as unknown as { readonly transactionDepth?: number }
    // A save() releases a runner of its own when it ends, also when another subscriber made it fail before any statement.
    const release = runner.release.bind(runner)
    runner.release = () => {
      this.#end(() => true)
      return release()
    }
  }

  /** One row whose hook is being called; the hooks of one operation are all called in one turn. */
  row(entity: object, start: () => Operation): PendingRow {
    if (!this.#operation) {
      this.#operation = start()
      queueMicrotask(() => {
        this.#operation = undefined
      })
    }
    const row = new PendingRow(entity, this.#operation, this.#depth, (parameter) => {
      this.#byParameter.set(parameter, row)
    })
    // Of a write that another subscriber made fail after its statements, without a word to us.
    this.#byEntity.get(entity)?.restoreUnset()
    this.#rows.add(row)
    this.#byEntity.set(entity, row)
    return row
  }

  /** Before a statement is sent. Whether it carries fields of rows, whose plaintexts go back into memory. */
  sending(query: string, parameters: readonly unknown[]): boolean {
    if (ENDS_TRANSACTION.test(query)) this.failed()
    const rows = new Set(parameters.flatMap((parameter) => this.#byParameter.get(parameter) ?? []))
    for (const row of rows) row.sent(query)
    return rows.size > 0
  }

  /** Postgres gives up the transaction, or what followed the savepoint, with the first statement that fails. */
  failed(): void {
    const depth = this.#depth
    this.#end((row) => row.depth >= depth)
  }

  /** TypeORM gives up a whole operation at the first hook that fails, and says nothing to the others. */
  abandon(operation: Operation): void {
    operation.end()
    this.#end((row) => row.operation === operation)
  }

  /** TypeORM calls the hooks after a write when all statements of the operation have run. */
  written(entity: object): void {
    const row = this.#byEntity.get(entity)
    if (!row) return
    this.#byEntity.delete(entity)
    this.#forget(row)
    row.written()
  }

  /** How many transactions and savepoints are open: TypeORM's own count, which it changes after each statement. */
  get #depth(): number {
    return this.#runner.transactionDepth ?? 0
  }

  #end(isConcerned: (row: PendingRow) => boolean): void {
    for (const row of [...this.#rows]) {
      if (!isConcerned(row)) continue
      this.#forget(row)
      row.operation.end()
      row.end()
    }
  }

  #forget(row: PendingRow): void {
    this.#rows.delete(row)
    for (const parameter of row.parameters) this.#byParameter.delete(parameter)
  }
}
