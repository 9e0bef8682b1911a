import { generateKeyPair, type KeyObject, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { AzureRefusal, badParameter } from './azure-refusal.js'

const generate = promisify(generateKeyPair)
const RSA_SIZES: readonly unknown[] = [2_048, 3_072, 4_096]
const OPERATIONS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['encrypt', 'decrypt', 'sign', 'verify', 'wrapKey', 'unwrapKey'],
  EC: ['sign', 'verify'],
}

/** As JSON has them: seconds since the epoch. */
export interface Attributes {
  enabled: boolean
  nbf?: number
  exp?: number
  readonly created: number
  updated: number
}

export interface KeyVersion {
  /** 32 hexadecimal digits, as Azure has them. */
  readonly version: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly attributes: Attributes
  operations: readonly string[]
}

/** How a key was asked for; each of its versions is made alike. */
export interface KeyKind {
  readonly kty: string
  readonly size?: unknown
  readonly operations?: readonly string[]
}

export interface TestKey {
  readonly name: string
  readonly kind: KeyKind
  /** The current one last. */
  readonly versions: KeyVersion[]
  rotationPolicy: object
}

/** The keys of one vault, and those that were deleted and can still come back. */
export class Keys {
  readonly #keys = new Map<string, TestKey>()
  readonly #deleted = new Map<string, TestKey>()

  /** A new key, or a new version of one that there is. */
  async create(name: string, kind: KeyKind, attributes: Partial<Attributes>, now: number): Promise<TestKey> {
    if (this.#deleted.has(name)) {
      throw new AzureRefusal(409, 'Conflict', 'deleted but recoverable', 'ObjectIsDeletedButRecoverable')
    }
    const version = await newVersion(kind, attributes, now)
    const key = this.#keys.get(name) ?? { name, kind, versions: [], rotationPolicy: { lifetimeActions: [] } }
    key.versions.push(version)
    this.#keys.set(name, key)
    return key
  }

  find(name: string): TestKey {
    const key = this.#keys.get(name)
    if (!key) throw notFound(name)
    return key
  }

  /** No version: the current one, whatever its state. */
  version(name: string, version: string): KeyVersion {
    const { versions } = this.find(name)
    const found = version === '' ? versions.at(-1) : versions.find((each) => each.version === version)
    if (!found) throw notFound(`${name}/${version}`)
    return found
  }

  delete(name: string): TestKey {
    return move(name, this.#keys, this.#deleted)
  }

  deleted(name: string): TestKey {
    const key = this.#deleted.get(name)
    if (!key) throw notFound(name)
    return key
  }

  recover(name: string): TestKey {
    return move(name, this.#deleted, this.#keys)
  }
}

function move(name: string, from: Map<string, TestKey>, to: Map<string, TestKey>): TestKey {
  const key = from.get(name)
  if (!key) throw notFound(name)
  from.delete(name)
  to.set(name, key)
  return key
}

async function newVersion(kind: KeyKind, attributes: Partial<Attributes>, now: number): Promise<KeyVersion> {
  const family = kind.kty.replace(/-HSM$/, '')
  const version = randomBytes(16).toString('hex')
  const at = Math.floor(now / 1_000)
  return {
    version,
    ...(await pairOf(family, kind.size)),
    attributes: { enabled: true, ...attributes, created: at, updated: at },
    operations: kind.operations ?? OPERATIONS[family] ?? [],
  }
}

async function pairOf(family: string, size: unknown) {
  if (family === 'EC') return generate('ec', { namedCurve: 'P-256' })
  if (family !== 'RSA') throw badParameter('kty must be RSA, RSA-HSM, EC or EC-HSM')
  const modulusLength = size ?? 2_048
  if (!RSA_SIZES.includes(modulusLength)) throw badParameter('key_size must be 2048, 3072 or 4096')
  return generate('rsa', { modulusLength: modulusLength as number })
}

function notFound(name: string): AzureRefusal {
  return new AzureRefusal(404, 'KeyNotFound', `A key with (name/id) ${name} was not found in this key vault.`)
}
