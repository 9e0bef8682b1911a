import type { EventLog } from '../../src/index.js'

/** Keeps what it is told, and is full at a bound that a test sets and lifts. */
export class EventList<Event> implements EventLog<Event> {
  readonly events: Event[] = []
  readonly #waiting: (() => void)[] = []
  #bound = Number.POSITIVE_INFINITY

  get full(): boolean {
    return this.events.length >= this.#bound
  }

  /** How many wait for room now. */
  get waiting(): number {
    return this.#waiting.length
  }

  record(event: Event): void {
    this.events.push(event)
  }

  room(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** How many events there may be from now on. */
  bound(count: number): void {
    this.#bound = count
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
