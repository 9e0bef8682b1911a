/** What is not stored yet, in the order in which it came: a bounded number, in memory that is taken once. */
export class EventBuffer<Event> {
  readonly #slots: (Event | undefined)[]
  #first = 0
  #length = 0

  constructor(capacity: number) {
    this.#slots = new Array<Event | undefined>(capacity).fill(undefined)
  }

  get length(): number {
    return this.#length
  }

  get full(): boolean {
    return this.#length === this.#slots.length
  }

  push(event: Event): void {
    if (this.full) throw new RangeError('the event buffer is full')
    this.#slots[(this.#first + this.#length++) % this.#slots.length] = event
  }

  /** The oldest, at most so many. They stay until they are dropped. */
  oldest(limit: number): Event[] {
    const count = Math.min(limit, this.#length)
    return Array.from({ length: count }, (_, index) => this.#slots[(this.#first + index) % this.#slots.length]!)
  }

  drop(count: number): void {
    for (let dropped = 0; dropped < count; dropped++) {
      this.#slots[this.#first] = undefined
      this.#first = (this.#first + 1) % this.#slots.length
    }
    this.#length -= count
  }
}
