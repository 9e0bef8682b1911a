import { ConfigurationError, KekNotAcceptedError } from '../../src/errors.js'
import { describeKek, type KekRef } from '../../src/kms/provider.js'
import { kekOf, type NumberedKek } from './key-material.js'

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const VERSION = /^([1-9][0-9]{0,8})-([0-9a-f]{16})$/

/** The KEKs of one local provider, by number, and which of them wraps. */
export class LocalKeyring {
  readonly #id: string
  readonly #keks = new Map<number, NumberedKek>()
  readonly current: NumberedKek

  /** Takes ownership of the key bytes: they are zeroed before this returns, also when it throws. */
  constructor(id: string, keys: Readonly<Record<number, Uint8Array>>, currentKey: number) {
    this.#id = id
    try {
      if (!ID.test(id)) throw refused(`the keyring id must match ${ID.source}`)
      for (const [number, bytes] of Object.entries(keys)) this.#add(kekOf(Number(number), bytes))
    } finally {
      for (const bytes of Object.values(keys)) bytes.fill(0)
    }
    const current = this.#keks.get(currentKey)
    if (!current) {
      throw refused(
        `the current key is ${currentKey}, which is not among the configured keys (${this.#numbers}); add it`,
      )
    }
    this.current = current
  }

  refOf({ version }: NumberedKek): KekRef {
    return { provider: 'local', id: this.#id, version }
  }

  /** The KEK that a row names, or `KekNotAcceptedError`: whoever can write the table chooses what is asked for here. */
  find(kek: KekRef): NumberedKek {
    if (kek.provider !== 'local' || kek.id !== this.#id) {
      throw notAccepted(kek, `expected the keyring local:${this.#id}, found another`)
    }
    const [, digits, fingerprint] = VERSION.exec(kek.version) ?? []
    if (digits === undefined) throw notAccepted(kek, 'the version is not of the form <number>-<fingerprint>')
    const found = this.#keks.get(Number(digits))
    if (!found) {
      throw notAccepted(kek, `key ${digits} is not among the configured keys (${this.#numbers}); add it`)
    }
    if (found.fingerprint !== fingerprint) {
      throw notAccepted(
        kek,
        `key ${digits} is configured with fingerprint ${found.fingerprint}, the row was wrapped with ${fingerprint}; ` +
          'configure the key that the row was wrapped with, under a number of its own',
      )
    }
    return found
  }

  get #numbers(): string {
    return [...this.#keks.keys()].join(', ') || 'none'
  }

  #add(kek: NumberedKek): void {
    if (this.#keks.has(kek.number)) throw refused(`the number ${kek.number} is given to two keys`)
    for (const other of this.#keks.values()) {
      if (other.fingerprint === kek.fingerprint) {
        throw refused(`keys ${other.number} and ${kek.number} are the same key; a rotation needs a new one`)
      }
    }
    this.#keks.set(kek.number, kek)
  }
}

function refused(problem: string): ConfigurationError {
  return new ConfigurationError(`provider "local": ${problem}`)
}

function notAccepted(kek: KekRef, problem: string): KekNotAcceptedError {
  // The ref comes from the database and may hold anything, so only a well-formed one is repeated.
  const named = ID.test(kek.id) && VERSION.test(kek.version) && ID.test(kek.provider) ? ` (${describeKek(kek)})` : ''
  return new KekNotAcceptedError(`provider "local": ${problem}${named}`, { kek })
}
