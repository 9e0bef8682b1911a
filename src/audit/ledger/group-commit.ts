interface Waiting<Row> {
  readonly row: Row
  readonly since: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Enough to share a commit, and so few that the server has one group to insert while the next is put together. */
const GROUP = 250

/**
 * Stores rows in groups. The first is on its way at the next turn of the event loop; those that come while every connection
 * is busy go together once one is free, so that a group grows with the load and nobody waits for a timer.
 */
export class GroupCommit<Row> {
  readonly #store: (rows: readonly Row[]) => Promise<void>
  readonly #connections: number
  readonly #now: () => number
  #waiting: Waiting<Row>[] = []
  /** Each with the time when its first row came. */
  #stores = new Map<Promise<void>, number>()
  #isScheduled = false

  constructor(store: (rows: readonly Row[]) => Promise<void>, connections: number, now: () => number) {
    this.#store = store
    this.#connections = connections
    this.#now = now
  }

  /** When the first row came that is not stored yet; infinity where there is none. */
  get unstoredSince(): number {
    return Math.min(this.#waiting[0]?.since ?? Number.POSITIVE_INFINITY, ...this.#stores.values())
  }

  /** Resolves once the row is stored. */
  add(row: Row): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ row, since: this.#now(), resolve, reject })
      this.#schedule()
    })
  }

  /** Resolves once nothing is on its way any more, whatever became of it. */
  async settled(): Promise<void> {
    while (this.#waiting.length > 0 || this.#stores.size > 0) {
      await (this.#stores.size > 0
        ? Promise.race(this.#stores.keys())
        : new Promise((resolve) => setImmediate(resolve)))
    }
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.length === 0 || this.#stores.size >= this.#connections) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      const group = this.#waiting.splice(0, GROUP)
      const store = this.#storeGroup(group)
      this.#stores.set(store, group[0]!.since)
      void store.then(() => {
        this.#stores.delete(store)
        this.#schedule()
      })
      this.#schedule()
    })
  }

  async #storeGroup(group: readonly Waiting<Row>[]): Promise<void> {
    try {
      await this.#store(group.map(({ row }) => row))
      for (const { resolve } of group) resolve()
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }
}
