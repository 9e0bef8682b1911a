import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { SigningPair } from '../signing-pair.js'
import { VaultRefusal } from './vault-refusal.js'

const TYPES = new Set(['aes128-gcm96', 'aes256-gcm96', 'chacha20-poly1305', 'xchacha20-poly1305'])
const PAIRS: Readonly<Record<string, 'ed25519' | 'p256'>> = { ed25519: 'ed25519', 'ecdsa-p256': 'p256' }
const KEY_BYTES = 32

export interface TransitKeySettings {
  min_decryption_version: number
  deletion_allowed: boolean
  exportable: boolean
  allow_plaintext_backup: boolean
  auto_rotate_period: number
}

/** A key that encrypts, or a pair that signs. */
interface TransitVersion {
  readonly key?: KeyObject
  readonly pair?: SigningPair
  readonly since: Date
}

/** One key of the transit engine, all its versions. */
export class TransitKey {
  readonly name: string
  readonly derived: boolean
  readonly type: string
  readonly settings: TransitKeySettings
  readonly #versions: TransitVersion[] = []
  isSoftDeleted = false

  constructor(name: string, request: Readonly<Record<string, unknown>>, now: Date) {
    const { type = 'aes256-gcm96', derived = false, exportable = false, allow_plaintext_backup = false } = request
    if (!TYPES.has(String(type)) && !Object.hasOwn(PAIRS, String(type)))
      throw new VaultRefusal(400, `unknown key type ${String(type)}`)
    this.name = name
    this.type = String(type)
    this.derived = derived === true
    this.settings = {
      min_decryption_version: 1,
      deletion_allowed: false,
      exportable: exportable === true,
      allow_plaintext_backup: allow_plaintext_backup === true,
      auto_rotate_period: 0,
    }
    this.rotate(now)
  }

  get latestVersion(): number {
    return this.#versions.length
  }

  rotate(now: Date): void {
    const pair = PAIRS[this.type]
    const made = pair ? { pair: new SigningPair(pair) } : { key: createSecretKey(randomBytes(KEY_BYTES)) }
    this.#versions.push({ ...made, since: now })
  }

  versionOf(version: number): KeyObject {
    const found = this.#versions[version - 1]
    if (!found) throw new VaultRefusal(400, 'invalid ciphertext: version is too new')
    if (!found.key) throw new VaultRefusal(400, `key type ${this.type} does not support encryption`)
    if (version >= this.settings.min_decryption_version) return found.key
    throw new VaultRefusal(400, 'ciphertext or signature version is disallowed by policy (too old)')
  }

  /** By its latest version. */
  sign(message: Uint8Array): string {
    const pair = this.#versions.at(-1)?.pair
    if (!pair) throw new VaultRefusal(400, `key type ${this.type} does not support signing`)
    return `vault:v${this.latestVersion}:${pair.sign(message).toString('base64')}`
  }

  describe(): object {
    const created = this.#versions.map((version, index) => [index + 1, describeVersion(version)])
    return {
      name: this.name,
      type: this.type,
      derived: this.derived,
      ...(this.derived && { convergent_encryption: false, kdf: 'hkdf_sha256' }),
      latest_version: this.latestVersion,
      min_encryption_version: 0,
      soft_deleted: this.isSoftDeleted,
      supports_encryption: !Object.hasOwn(PAIRS, this.type),
      supports_decryption: !Object.hasOwn(PAIRS, this.type),
      supports_signing: Object.hasOwn(PAIRS, this.type),
      supports_derivation: true,
      keys: Object.fromEntries(created),
      ...this.settings,
    }
  }
}

/** Of Ed25519 the public key is the base64 of its bytes, of ECDSA it is PEM. */
function describeVersion({ pair, since }: TransitVersion): object | number {
  if (!pair) return Math.floor(since.getTime() / 1_000)
  const { publicKey, isEd25519 } = pair
  const raw = () => Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url').toString('base64')
  const text = isEd25519 ? raw() : publicKey.export({ format: 'pem', type: 'spki' })
  return { creation_time: since.toISOString(), public_key: text }
}

/** Keys by namespace, mount and name. */
export class TransitKeys {
  readonly #keys = new Map<string, TransitKey>()

  /** Undefined where there is none: what Vault says then depends on the operation. */
  find(path: string): TransitKey | undefined {
    return this.#keys.get(path)
  }

  usable(path: string): TransitKey {
    const key = this.#keys.get(path)
    if (!key) throw new VaultRefusal(400, 'encryption key not found')
    if (key.isSoftDeleted) throw new VaultRefusal(400, 'refusing to use soft-deleted key')
    return key
  }

  set(path: string, key: TransitKey): void {
    this.#keys.set(path, key)
  }

  delete(path: string): void {
    if (!this.#keys.get(path)?.settings.deletion_allowed) {
      throw new VaultRefusal(400, 'deletion is not allowed for this key')
    }
    this.#keys.delete(path)
  }
}
