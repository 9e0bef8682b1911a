interface Waiting<Row> {
  readonly row: Row
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Bounds the arrays of a statement, and what is lost with it. */
const BATCH = 1_000

/**
 * Stores rows in groups. The first is on its way at the next turn of the event loop; those that come while every connection
 * is busy go together once one is free, so that a group grows with the load and nobody waits for a timer.
 */
export class GroupCommit<Row> {
  readonly #store: (rows: readonly Row[]) => Promise<void>
  readonly #connections: number
  #waiting: Waiting<Row>[] = []
  #stores = new Set<Promise<void>>()
  #isScheduled = false

  constructor(store: (rows: readonly Row[]) => Promise<void>, connections: number) {
    this.#store = store
    this.#connections = connections
  }

  /** Resolves once the row is stored. */
  add(row: Row): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ row, resolve, reject })
      this.#schedule()
    })
  }

  /** Resolves once nothing is on its way any more, whatever became of it. */
  async settled(): Promise<void> {
    while (this.#waiting.length > 0 || this.#stores.size > 0) {
      await (this.#stores.size > 0 ? Promise.race(this.#stores) : new Promise((resolve) => setImmediate(resolve)))
    }
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.length === 0 || this.#stores.size >= this.#connections) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      const store = this.#storeGroup(this.#waiting.splice(0, BATCH))
      this.#stores.add(store)
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
