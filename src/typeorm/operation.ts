import type { QueryRunner } from 'typeorm'
import type { OpenOptions } from '../envelope/cipher-options.js'
import type { CredentialLog } from '../envelope/credential-log.js'
import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import { EnvelopeChangedError } from '../errors.js'
import type { Clock } from '../kms/clock.js'
import type { Mode } from './mode.js'
import type { PlaintextReads } from './plaintext-reads.js'

/** How many data keys are asked for at once. A KMS throttles long before a connection pool is exhausted. */
const CONCURRENCY = 64

/**
 * One operation of the ORM, with everything that its rows ask of a KMS: one deadline, one bound on concurrency. TypeORM
 * calls the hooks of all rows in one go, so the rows that ask in one turn belong together.
 */
export class Operation {
  readonly options: OpenOptions & { readonly deadline: number }
  readonly #runner: Pick<QueryRunner, 'isReleased'> | undefined
  readonly #waiting: (() => void)[] = []
  readonly #rows = new WeakSet<object>()
  #running = 0
  #hasEnded = false

  constructor(
    options: OpenOptions & { readonly deadline: number },
    runner: Pick<QueryRunner, 'isReleased'> | undefined,
  ) {
    this.options = options
    this.#runner = runner
  }

  /**
   * Throws once nobody waits for the operation any more: TypeORM gives up at the first hook that fails, ours or another
   * subscriber's, and what we were still waiting for must then change no entity and ask no KMS.
   */
  assertUnderWay(): void {
    if (!this.#hasEnded && !this.#runner?.isReleased) return
    throw new EnvelopeChangedError(
      'the operation ended, or its connection was lost, before its fields were encrypted or decrypted; nothing was changed',
    )
  }

  /** Whether it was not asked about this row before. */
  isFirstOf(row: object): boolean {
    if (this.#rows.has(row)) return false
    this.#rows.add(row)
    return true
  }

  end(): void {
    this.#hasEnded = true
  }

  /** Runs `call` when fewer than the bound are under way. */
  async run<T>(call: (options: OpenOptions) => Promise<T>): Promise<T> {
    if (this.#running >= CONCURRENCY) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#running += 1
    try {
      this.assertUnderWay()
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
  readonly mode: Mode
  readonly plaintextReads: PlaintextReads
  /** Told of what is done to rows, where somebody wants to know. */
  readonly credentialLog: CredentialLog | undefined
}

/** `runner`: whose hooks it serves; it is released when TypeORM's own operation has ended. */
export function startOperation(
  { clock, timeoutMs, expectedContext }: EncryptionSetup,
  runner?: Pick<QueryRunner, 'isReleased'>,
): Operation {
  const expected = expectedContext?.()
  return new Operation({ deadline: clock.now() + timeoutMs, ...(expected && { expectedContext: expected }) }, runner)
}
