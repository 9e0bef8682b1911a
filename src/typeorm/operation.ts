import type { EnvelopeCipher, OpenOptions } from '../envelope/envelope-cipher.js'
import type { Clock } from '../kms/clock.js'

/** How many data keys are asked for at once. A KMS throttles long before a connection pool is exhausted. */
const CONCURRENCY = 64

/**
 * One operation of the ORM, with everything that its rows ask of a KMS: one deadline, one bound on concurrency. TypeORM
 * calls the hooks of all rows in one go, so the rows that ask in one turn belong together.
 */
export class Operation {
  readonly options: OpenOptions
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(deadline: number, expectedContext: Readonly<Record<string, string>> | undefined) {
    this.options = { deadline, ...(expectedContext && { expectedContext }) }
  }

  /** Runs `call` when fewer than the bound are under way. */
  async run<T>(call: (options: OpenOptions) => Promise<T>): Promise<T> {
    if (this.#running >= CONCURRENCY) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#running += 1
    try {
      return await call(this.options)
    } finally {
      // The place passes on to the next in line, if there is one.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running -= 1
    }
  }
}

/** What the hooks of one DataSource share. */
export interface EncryptionSetup {
  readonly cipher: EnvelopeCipher
  readonly timeoutMs: number
  readonly clock: Clock
  readonly onUnreadable: 'throw' | 'leave'
  readonly expectedContext: (() => Readonly<Record<string, string>> | undefined) | undefined
}

export function startOperation({ clock, timeoutMs, expectedContext }: EncryptionSetup): Operation {
  return new Operation(clock.now() + timeoutMs, expectedContext?.())
}
