import type { DataSource, QueryRunner } from 'typeorm'
import { assertGuard } from '../postgres/guard-check.js'
import { type Mode, modeOf } from './mode.js'
import type { ProtectedEntity } from './protected-entity.js'
import { protectedTablesOf, queryableOf } from './protected-tables.js'

/**
 * How much the guard matters to a start. `require`: the first write of each table checks that it is there and complete.
 * `install`: it is installed after `initialize()` and around `synchronize()`, for tests and development. `warn`: nothing
 * is checked, and `waxseal doctor` says so.
 */
export type GuardMode = 'require' | 'install' | 'warn'

/** Checks the guard of each table once, before its first write after `initialize()`. */
export class GuardCheck {
  readonly #dataSource: DataSource
  readonly #guard: GuardMode
  readonly #mode: Mode
  readonly #checks = new Map<string, Promise<void>>()
  readonly #checkedOn = new WeakMap<QueryRunner, string[]>()

  constructor(dataSource: DataSource, guard: GuardMode, mode: Mode) {
    this.#dataSource = dataSource
    this.#guard = guard
    this.#mode = mode
  }

  async assert({ entity }: ProtectedEntity, runner: QueryRunner): Promise<void> {
    if (this.#guard === 'warn') return
    const known = this.#checks.get(entity)
    // One that fails was asked on another operation's connection, whose failure need not be ours.
    if (known && (await isFulfilled(known))) return
    const check = this.#check(entity, runner)
    this.#checks.set(entity, check)
    this.#checkedOn.set(runner, [...(this.#checkedOn.get(runner) ?? []), entity])
    try {
      await check
    } catch (error) {
      // The next write asks again: the guard may have been installed meanwhile.
      if (this.#checks.get(entity) === check) this.#checks.delete(entity)
      throw error
    }
  }

  /** What was seen by a transaction that is rolled back may be gone with it. */
  forgetChecksOf(runner: QueryRunner): void {
    for (const entity of this.#checkedOn.get(runner) ?? []) this.#checks.delete(entity)
    this.#checkedOn.delete(runner)
  }

  async #check(entity: string, runner: QueryRunner): Promise<void> {
    const table = protectedTablesOf(this.#dataSource).find((each) => each.entity === entity)
    // On the connection of the write: it sees tables that its own transaction has made.
    const stage = table && modeOf(this.#mode, table.fields).guard
    if (stage) await assertGuard(queryableOf(runner), table, stage)
  }
}

function isFulfilled(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => true,
    () => false,
  )
}
