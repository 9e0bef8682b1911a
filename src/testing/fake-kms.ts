import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { DecryptionError, KekUnavailableError } from '../errors.js'
import { canonicalContext, type EncryptionContext } from '../kms/context.js'

const CIPHER = 'aes-256-gcm'
const IV_BYTES = 12
const TAG_BYTES = 16
const GCM = { authTagLength: TAG_BYTES }

type State = 'enabled' | 'disabled' | 'destroyed'

/**
 * The inside of a KMS that has one KEK with numbered versions. Its cryptography is real: it opens nothing that was altered
 * or that belongs to another version or context, so that a test cannot pass because the fake is lenient.
 */
export class FakeKms {
  readonly id: string
  readonly #keys = new Map<string, KeyObject>()
  readonly #states = new Map<string, State>()

  constructor(id: string) {
    this.id = id
    this.rotate()
  }

  get currentVersion(): string {
    return String(this.#states.size)
  }

  /** Makes a version that wraps from now on. Returns it. */
  rotate(): string {
    const version = String(this.#states.size + 1)
    this.#keys.set(version, createSecretKey(randomBytes(32)))
    this.#states.set(version, 'enabled')
    return version
  }

  disable(version: string): void {
    this.#setState(version, 'disabled')
  }

  enable(version: string): void {
    this.#setState(version, 'enabled')
  }

  /** For ever: nothing can enable it again. */
  destroy(version: string): void {
    this.#setState(version, 'destroyed')
    this.#keys.delete(version)
  }

  wrap(plaintext: Uint8Array, context: EncryptionContext): Buffer {
    const version = this.currentVersion
    const iv = randomBytes(IV_BYTES)
    const cipher = createCipheriv(CIPHER, this.#key(version), iv, GCM).setAAD(this.#aad(version, context))
    return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
  }

  unwrap(version: string, wrapped: Uint8Array, context: EncryptionContext): Buffer {
    const key = this.#key(version)
    if (wrapped.length < IV_BYTES + TAG_BYTES) throw new DecryptionError()
    const decipher = createDecipheriv(CIPHER, key, wrapped.subarray(0, IV_BYTES), GCM)
    decipher.setAAD(this.#aad(version, context)).setAuthTag(wrapped.subarray(-TAG_BYTES))
    const plaintext = decipher.update(wrapped.subarray(IV_BYTES, -TAG_BYTES))
    try {
      decipher.final()
    } catch {
      throw new DecryptionError()
    }
    return plaintext
  }

  #key(version: string): KeyObject {
    const state = this.#states.get(version)
    const key = this.#keys.get(version)
    if (state === 'enabled' && key) return key
    throw new KekUnavailableError(
      `fake KMS: expected an enabled version, found one that is ${state ?? 'unknown'}; enable it`,
    )
  }

  #setState(version: string, state: State): void {
    const found = this.#states.get(version)
    if (found === undefined || found === 'destroyed') {
      throw new TypeError(`fake KMS: version ${version} is ${found ?? 'unknown'}`)
    }
    this.#states.set(version, state)
  }

  #aad(version: string, context: EncryptionContext): Buffer {
    return Buffer.concat([Buffer.from(`fake KMS\0${this.id}\0${version}\0`), canonicalContext(context)])
  }
}
