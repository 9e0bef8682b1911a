import { setImmediate as turn } from 'node:timers/promises'

/**
 * Lets others have a turn of the event loop between so many rows. A KMS in this process waits for nothing: without it the
 * batch before would not be stored meanwhile, and no heartbeat sent.
 */
export class EventLoopTurns {
  readonly #rows: number
  #done = 0
  #turn: Promise<unknown> = Promise.resolve()

  constructor(rows: number) {
    this.#rows = rows
  }

  /** To be awaited after each row. Resolves in the order of asking. */
  next(): Promise<unknown> {
    if (this.#done++ % this.#rows === 0) this.#turn = this.#turn.then(() => turn())
    return this.#turn
  }
}
