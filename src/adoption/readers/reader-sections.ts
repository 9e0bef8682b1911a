import type { FlaggedFormat } from './flagged.js'
import type { TypeormEncryptedFormat } from './typeorm-encrypted.js'

/** Where a secret lies: a variable of the environment, or a file that only its owner may read. Never the secret itself. */
export type SecretPlace = { readonly variable: string } | { readonly file: string }

/** How a key was made of a passphrase. The salt is text, taken as UTF-8: it is no secret. */
export type KdfSection =
  | {
      readonly name: 'scrypt'
      readonly salt: string
      /** Of Node unless given: cost 16384, block size 8, parallelization 1. */
      readonly cost?: number
      readonly blockSize?: number
      readonly parallelization?: number
    }
  | { readonly name: 'pbkdf2'; readonly salt: string; readonly iterations: number; readonly digest: string }

interface Dated {
  /** The end of its use: a Date, or an instant such as `2027-01-31` or `2027-01-31T18:00:00Z`. */
  readonly until: Date | string
}

export interface PlaintextSection extends Dated {
  readonly name: 'plaintext'
}

export interface HexGcmSection extends Dated {
  readonly name: 'hex-gcm'
  /** 32 bytes in hex. */
  readonly key: SecretPlace
}

export interface TypeormEncryptedSection extends Dated, TypeormEncryptedFormat {
  readonly name: 'typeorm-encrypted'
  /** 32 bytes in hex, as the library takes it. */
  readonly key: SecretPlace
}

export interface FlaggedSection extends Dated, FlaggedFormat {
  readonly name: 'flagged'
  readonly passphrase: SecretPlace
  readonly kdf: KdfSection
}

/** A reader by its name with its options, as a configuration holds it; `docs/adoption.md` lists them. */
export type ReaderSection = PlaintextSection | HexGcmSection | TypeormEncryptedSection | FlaggedSection
