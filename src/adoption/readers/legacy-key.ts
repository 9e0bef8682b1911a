import { createSecretKey, type KeyObject, pbkdf2, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { ConfigurationError } from '../../errors.js'
import { readPrivateFile } from '../../kms/private-file.js'
import type { SecretPlace } from './reader-sections.js'

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

export type Environment = Readonly<Record<string, string | undefined>>

const KEY_BYTES = 32
const scryptKey = promisify<string, string, number, object, Buffer>(scrypt)
const pbkdf2Key = promisify(pbkdf2)

/** The text of a secret, without the line break at the end of a file. */
export async function secretAt(owner: string, place: SecretPlace, environment: Environment): Promise<string> {
  if ('file' in place) return (await readPrivateFile(owner, 'file', place.file)).replace(/\r?\n$/, '')
  const secret = environment[place.variable]
  if (secret) return secret
  throw new ConfigurationError(`${owner}: expected a secret in the variable ${place.variable}, found nothing; set it`)
}

export async function hexKeyAt(owner: string, place: SecretPlace, environment: Environment): Promise<KeyObject> {
  const text = (await secretAt(owner, place, environment)).trim()
  if (!/^[0-9a-f]{64}$/i.test(text))
    throw new ConfigurationError(`${owner}: expected a key of 32 bytes in hex, found other text`)
  return keyOf(Buffer.from(text, 'hex'))
}

/** Once for each process: it is slow on purpose. */
export async function derivedKey(passphrase: string, kdf: KdfSection): Promise<KeyObject> {
  if (kdf.name === 'pbkdf2') return keyOf(await pbkdf2Key(passphrase, kdf.salt, kdf.iterations, KEY_BYTES, kdf.digest))
  const { cost = 16_384, blockSize = 8, parallelization = 1, salt } = kdf
  // What scrypt needs, and a little: Node refuses more than 32 MiB otherwise.
  const maxmem = 2 * 128 * cost * blockSize * parallelization
  return keyOf(await scryptKey(passphrase, salt, KEY_BYTES, { cost, blockSize, parallelization, maxmem }))
}

function keyOf(bytes: Buffer): KeyObject {
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}
