import { ConfigurationError } from '../../errors.js'
import type { Clock } from '../../kms/clock.js'
import { EventBuffer } from './event-buffer.js'

/** How long the first of a batch waits for company. */
const DELAY_MS = 5
const BATCH = 1_000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000

export interface CommitOptions<Event> {
  readonly capacity: number
  /** Stores a batch, or rejects: the very same batch then comes again. */
  readonly store: (events: readonly Event[], again: boolean) => Promise<void>
  readonly clock: Clock
}

interface Waiting {
  readonly until: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Takes events without making their callers wait, and stores them in batches. What cannot be stored stays, and is tried
 * again until it can: when nothing fits any more, callers have to wait for room.
 */
export class BackgroundCommit<Event> {
  readonly #buffer: EventBuffer<Event>
  readonly #store: CommitOptions<Event>['store']
  readonly #clock: Clock
  #added = 0
  #stored = 0
  #waiting: Waiting[] = []
  #cancelTimer: (() => void) | undefined
  #isSoon = false
  #storing = false
  /** Which failed, and comes again. */
  #batch: Event[] | undefined
  #failures = 0
  #failure: unknown
  #closed = false
  #abandoned = false

  constructor({ capacity, store, clock }: CommitOptions<Event>) {
    this.#buffer = new EventBuffer(capacity)
    this.#store = store
    this.#clock = clock
  }

  get full(): boolean {
    return this.#closed || this.#buffer.full
  }

  /** How many are not stored yet. */
  get pending(): number {
    return this.#buffer.length
  }

  /** Why the last batch could not be stored; undefined when it could. */
  get failure(): unknown {
    return this.#failure
  }

  add(event: Event): void {
    if (this.#closed) throw closed()
    this.#buffer.push(event)
    this.#added++
    this.#wake()
  }

  /** Resolves when one more than now is stored. */
  room(): Promise<void> {
    if (this.#closed) return Promise.reject(closed())
    return this.full ? this.#until(this.#stored + 1) : Promise.resolve()
  }

  /** Resolves when everything is stored that was added so far. */
  stored(): Promise<void> {
    return this.#until(this.#added)
  }

  /** Takes nothing any more. What is there goes on being stored until `abandon`. */
  close(): void {
    this.#closed = true
  }

  /** Gives up what could not be stored. */
  abandon(): void {
    this.#abandoned = true
    this.#cancelTimer?.()
    for (const { reject } of this.#waiting.splice(0)) reject(closed())
  }

  #until(until: number): Promise<void> {
    if (this.#stored >= until) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiting.push({ until, resolve, reject }))
  }

  #wake(): void {
    if (this.#storing || this.#isSoon) return
    this.#isSoon = this.#buffer.length >= BATCH
    if (this.#cancelTimer && !this.#isSoon) return
    // Never in the turn of the caller, who would wait for the statement to be put together.
    this.#after(this.#isSoon ? 0 : DELAY_MS)
  }

  #after(ms: number): void {
    this.#cancelTimer?.()
    if (this.#abandoned) return
    this.#cancelTimer = this.#clock.after(ms, () => {
      this.#cancelTimer = undefined
      this.#isSoon = false
      this.#storing = true
      void this.#storeAll()
    })
  }

  async #storeAll(): Promise<void> {
    while (this.#buffer.length > 0) {
      const again = this.#batch !== undefined
      const batch = this.#batch ?? this.#buffer.oldest(BATCH)
      try {
        await this.#store(batch, again)
      } catch (error) {
        this.#batch = batch
        this.#failure = error
        this.#after(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures++))
        return
      }
      this.#batch = undefined
      this.#failures = 0
      this.#failure = undefined
      this.#buffer.drop(batch.length)
      this.#stored += batch.length
      this.#settle()
    }
    this.#storing = false
  }

  #settle(): void {
    const settled = this.#waiting.filter(({ until }) => until <= this.#stored)
    this.#waiting = this.#waiting.filter(({ until }) => until > this.#stored)
    for (const { resolve } of settled) resolve()
  }
}

function closed(): ConfigurationError {
  return new ConfigurationError('the audit logger is closed; close it last, after whatever it is told by')
}
