import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { SigningPair } from '../signing-pair.js'
import { ALREADY_EXISTS, FAILED_PRECONDITION, GcpRefusal, INVALID_ARGUMENT, NOT_FOUND } from './refusal.js'

export type VersionState = 'ENABLED' | 'DISABLED' | 'DESTROY_SCHEDULED' | 'DESTROYED'

export interface TestVersion {
  readonly number: number
  readonly key: KeyObject
  /** Of a key that signs. */
  readonly pair: SigningPair | undefined
  readonly createdAt: Date
  state: VersionState
  destroyAt: Date | undefined
}

export interface TestCryptoKey {
  readonly name: string
  /** Stands in ciphertexts. */
  readonly id: Buffer
  readonly createdAt: Date
  readonly purpose: string
  /** Of new versions. */
  readonly algorithm: string
  readonly protectionLevel: string
  readonly versions: TestVersion[]
  readonly destroyAfterMs: number
  rotationPeriod: unknown
  primary: TestVersion | undefined
  /** The one that was primary before: what parts of the KMS still use that have not heard of the change. */
  previousPrimary: TestVersion | undefined
  /** Undefined: everybody may do everything. */
  bindings: readonly IamBinding[] | undefined
}

export interface IamBinding {
  readonly role: string
  readonly members: readonly string[]
  readonly condition?: unknown
}

export interface TestKeyRing {
  readonly name: string
  readonly createdAt: Date
  /** Kept and told, and not enforced. */
  bindings: readonly IamBinding[] | undefined
}

const KEY = /^(projects\/[^/]+\/locations\/[^/]+\/keyRings\/[\w-]{1,63})\/cryptoKeys\/[\w-]{1,63}$/
const RING = /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[\w-]{1,63}$/
const VERSION = /^(.+)\/cryptoKeyVersions\/(\d+)$/
export const ID_BYTES = 16
/** https://cloud.google.com/kms/docs/algorithms */
const PAIRS: Readonly<Record<string, 'ed25519' | 'p256'>> = { EC_SIGN_ED25519: 'ed25519', EC_SIGN_P256_SHA256: 'p256' }

/** The key rings of all projects and locations, by their names. */
export class Keys {
  readonly #rings = new Map<string, TestKeyRing>()
  readonly #keys = new Map<string, TestCryptoKey>()

  createRing(name: string, now: Date): void {
    if (!RING.test(name)) throw new GcpRefusal(INVALID_ARGUMENT, `Resource name [${name}] is not valid.`)
    if (this.#rings.has(name)) throw new GcpRefusal(ALREADY_EXISTS, `KeyRing ${name} already exists.`)
    this.#rings.set(name, { name, createdAt: now, bindings: undefined })
  }

  ring(name: string): TestKeyRing {
    const ring = this.#rings.get(name)
    if (!ring) throw new GcpRefusal(NOT_FOUND, `KeyRing ${name} not found.`)
    return ring
  }

  create(
    name: string,
    as: Pick<TestCryptoKey, 'purpose' | 'algorithm' | 'protectionLevel' | 'rotationPeriod' | 'destroyAfterMs'>,
    now: Date,
  ): TestCryptoKey {
    const [, ring] = KEY.exec(name) ?? []
    if (ring === undefined) throw new GcpRefusal(INVALID_ARGUMENT, `Resource name [${name}] is not valid.`)
    this.ring(ring)
    if (this.#keys.has(name)) throw new GcpRefusal(ALREADY_EXISTS, `CryptoKey ${name} already exists.`)
    const id = randomBytes(ID_BYTES)
    const unset = { primary: undefined, previousPrimary: undefined, bindings: undefined }
    const key: TestCryptoKey = { ...as, ...unset, name, id, createdAt: now, versions: [] }
    this.#keys.set(name, key)
    return key
  }

  key(name: string): TestCryptoKey {
    const key = this.#keys.get(name)
    if (!key) throw new GcpRefusal(NOT_FOUND, `CryptoKey ${name} not found.`)
    return key
  }

  version(name: string): { readonly key: TestCryptoKey; readonly version: TestVersion } {
    const [, keyName = name, number] = VERSION.exec(name) ?? []
    const key = this.key(keyName)
    const version = key.versions.find((each) => String(each.number) === number)
    if (!version) throw new GcpRefusal(NOT_FOUND, `CryptoKeyVersion ${name} not found.`)
    return { key, version }
  }

  keysOf(ring: string): TestCryptoKey[] {
    return [...this.#keys.values()].filter(({ name }) => name.startsWith(`${this.ring(ring).name}/`))
  }
}

export function addVersion(key: TestCryptoKey, now: Date): TestVersion {
  const kind = PAIRS[key.algorithm]
  const version: TestVersion = {
    number: key.versions.length + 1,
    key: createSecretKey(randomBytes(32)),
    pair: kind && new SigningPair(kind),
    createdAt: now,
    state: 'ENABLED',
    destroyAt: undefined,
  }
  key.versions.push(version)
  return version
}

export function versionNameOf(key: TestCryptoKey, version: TestVersion): string {
  return `${key.name}/cryptoKeyVersions/${version.number}`
}

/** What becomes of a version by itself as time passes. */
export function stateOf(version: TestVersion, now: Date): VersionState {
  const isDue = version.state === 'DESTROY_SCHEDULED' && version.destroyAt !== undefined && version.destroyAt <= now
  if (isDue) version.state = 'DESTROYED'
  return version.state
}

export function assertEnabled(key: TestCryptoKey, version: TestVersion, now: Date): void {
  const state = stateOf(version, now)
  if (state === 'ENABLED') return
  const name = versionNameOf(key, version)
  throw new GcpRefusal(FAILED_PRECONDITION, `${name} is not enabled, current state is: ${state}.`)
}
