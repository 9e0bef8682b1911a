import type { PostgresLedger } from '../audit/ledger/postgres-ledger.js'
import type { EnvelopeCipherOptions } from '../envelope/cipher-options.js'
import { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import type { CloseOptions } from '../envelope/lifetime.js'

/** A cipher with the ledger that was opened for it: closed with it, once nothing is left to be recorded. */
export class RecordedCipher extends EnvelopeCipher {
  readonly #ledger: PostgresLedger

  constructor(options: EnvelopeCipherOptions, ledger: PostgresLedger) {
    super(options)
    this.#ledger = ledger
  }

  override async close(options: CloseOptions = {}): Promise<void> {
    try {
      await super.close(options)
    } finally {
      await this.#ledger.close()
    }
  }
}
