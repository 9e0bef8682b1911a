import { scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { ConfigurationError } from '../../src/errors.js'
import { isPlaceholder } from './guessable.js'
import { KEY_BYTES } from './key-material.js'

/** The parameters N, r and p of scrypt (RFC 7914). */
export interface ScryptCost {
  readonly n: number
  readonly r: number
  readonly p: number
}

/** 128 MiB and about half a second: what OWASP recommends. Also the least that is accepted. */
export const DEFAULT_COST: ScryptCost = { n: 2 ** 17, r: 8, p: 1 }
/** The cost stands in a file; without a limit a wrong one takes the machine's memory. 1 GiB, 8 passes. */
const HIGHEST_COST: ScryptCost = { n: 2 ** 20, r: 8, p: 8 }

const FEWEST_CHARACTERS = 16
const FEWEST_DISTINCT = 8

/** Throws `ConfigurationError` for a cost below the default, beyond any use, or not a cost at all. */
export function assertCost({ n, r, p }: ScryptCost): void {
  const isPower = Number.isSafeInteger(n) && Number.isInteger(Math.log2(n))
  if (isPower && n >= DEFAULT_COST.n && n <= HIGHEST_COST.n && r === 8 && Number.isInteger(p) && p >= 1 && p <= 8)
    return
  throw new ConfigurationError(
    `provider "local": the scrypt cost must be n = 2^17 to 2^20, r = 8, p = 1 to 8, found n = ${n}, r = ${r}, p = ${p}; ` +
      'make the keyring again with "waxseal keygen"',
  )
}

/** Throws `ConfigurationError` for a passphrase that is short, repetitive or a placeholder. Says nothing of its text. */
export function assertPassphrase(passphrase: string): void {
  const characters = [...passphrase]
  const distinct = new Set(characters).size
  // Several are given one a line, so none that has two lines would ever be found again.
  if (/[\r\n]/.test(passphrase)) throw weak('must be one line')
  if (isPlaceholder(passphrase)) throw weak('is a placeholder')
  if (characters.length < FEWEST_CHARACTERS) {
    throw weak(`must have at least ${FEWEST_CHARACTERS} characters, found ${characters.length}`)
  }
  if (distinct < FEWEST_DISTINCT) {
    throw weak(`must have at least ${FEWEST_DISTINCT} different characters, found ${distinct}`)
  }
}

const deriveBytes = promisify(
  scrypt as (
    passphrase: string,
    salt: Uint8Array,
    length: number,
    options: { N: number; r: number; p: number; maxmem: number },
    done: (error: Error | null, key: Buffer) => void,
  ) => void,
)

/** The key of a passphrase. The same text spelt with other code points gives the same key (NFC). */
export function deriveKey(passphrase: string, salt: Uint8Array, { n, r, p }: ScryptCost): Promise<Buffer> {
  // Twice the memory that scrypt needs: Node's default limit of 32 MiB refuses this cost.
  return deriveBytes(passphrase.normalize('NFC'), salt, KEY_BYTES, { N: n, r, p, maxmem: 256 * n * r })
}

function weak(problem: string): ConfigurationError {
  return new ConfigurationError(`provider "local": the passphrase ${problem}; use six or more random words`)
}
