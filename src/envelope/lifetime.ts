import { CipherClosedError } from '../errors.js'
import type { Clock } from '../kms/clock.js'
import { settleBy } from '../kms/deadline.js'
import { assertOptions, type OptionRules, wholeNumberFrom } from '../kms/options.js'

export interface CloseOptions {
  /** How long what is on its way is waited for. Milliseconds, default 10,000. */
  readonly timeoutMs?: number
}

const OPTIONS: OptionRules<CloseOptions> = { timeoutMs: wholeNumberFrom(1) }

/** What a cipher has on its way, and the end after which nothing new may start. */
export class Lifetime {
  readonly #onItsWay = new Set<Promise<unknown>>()
  #closing: Promise<void> | undefined

  get closed(): boolean {
    return this.#closing !== undefined
  }

  assertOpen(): void {
    if (this.#closing) {
      throw new CipherClosedError('the cipher was closed; make another one, or let the process end')
    }
  }

  /** What is added is waited for by `close`, whoever else waits for it or no longer does. */
  add<T>(promise: Promise<T>): Promise<T> {
    this.#onItsWay.add(promise)
    const end = () => this.#onItsWay.delete(promise)
    promise.then(end, end)
    return promise
  }

  /** `drop` is called when the time is up, and when all has ended: what ends late must leave nothing behind either. */
  close(options: CloseOptions, clock: Clock, drop: () => void): Promise<void> {
    assertOptions('close', options, OPTIONS)
    this.#closing ??= this.#end(clock.now() + (options.timeoutMs ?? 10_000), clock, drop)
    return this.#closing
  }

  async #end(deadline: number, clock: Clock, drop: () => void): Promise<void> {
    try {
      await settleBy('close of a cipher', { deadline }, clock, () => this.#ended().then(drop))
    } finally {
      drop()
    }
  }

  async #ended(): Promise<void> {
    // An operation that is on its way makes its next calls in between.
    while (this.#onItsWay.size > 0) await Promise.allSettled(this.#onItsWay)
  }
}
