import { createSecretKey, type KeyObject, randomBytes, randomUUID } from 'node:crypto'
import { SigningPair } from '../signing-pair.js'
import { AwsRefusal } from './aws-refusal.js'

const ACCOUNT = '000000000000'

export interface KeyMaterial {
  /** 64 hexadecimal digits, as AWS has them. */
  readonly id: string
  readonly key: KeyObject
  readonly since: Date
}

export type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion'

export interface TestKey {
  readonly keyId: string
  readonly materials: readonly KeyMaterial[]
  readonly currentMaterial: KeyMaterial
  readonly createdAt: Date
  readonly tags: ReadonlyMap<string, string>
  /** One, or all in which a multi-Region key has a replica; the first is the primary's. */
  readonly regions: ReadonlySet<string>
  readonly state: KeyState
  readonly rotates: boolean
  /** Of a key that signs, in place of key material. */
  readonly pair: SigningPair | undefined
}

/** How a key was asked for. */
export interface KeyKind {
  readonly multiRegion: boolean
  readonly tags: ReadonlyMap<string, string>
  /** Absent: it encrypts. */
  readonly signs: 'ed25519' | 'p256' | undefined
}

class StoredKey implements TestKey {
  readonly keyId: string
  readonly materials: KeyMaterial[] = []
  readonly createdAt: Date
  readonly tags: Map<string, string>
  readonly regions: Set<string>
  state: KeyState = 'Enabled'
  rotates = false
  readonly pair: SigningPair | undefined

  constructor(keyId: string, region: string, { tags, signs }: KeyKind, now: Date) {
    this.keyId = keyId
    this.pair = signs && new SigningPair(signs)
    this.regions = new Set([region])
    this.createdAt = now
    this.tags = new Map(tags)
    this.rotate(now)
  }

  get currentMaterial(): KeyMaterial {
    return this.materials.at(-1) as KeyMaterial
  }

  rotate(now: Date): void {
    const id = randomBytes(32).toString('hex')
    this.materials.push({ id, key: createSecretKey(randomBytes(32)), since: now })
  }
}

/** The keys and aliases of one account, in all regions. */
export class Keys {
  readonly #keys = new Map<string, StoredKey>()
  /** `<region> <alias name>` → key id. */
  readonly #aliases = new Map<string, string>()

  create(region: string, kind: KeyKind, now: Date): TestKey {
    const keyId = kind.multiRegion ? `mrk-${randomBytes(16).toString('hex')}` : randomUUID()
    const key = new StoredKey(keyId, region, kind, now)
    this.#keys.set(keyId, key)
    return key
  }

  /** By key id, key ARN, alias or alias ARN, in one region. */
  find(region: string, name: unknown): StoredKey {
    if (typeof name !== 'string' || name === '') throw new AwsRefusal('ValidationException', 'KeyId must not be null')
    const [, arnRegion = region, account = ACCOUNT, local = name] =
      /^arn:aws[a-z-]*:kms:([a-z0-9-]+):(\d{12}):(?:key\/)?(.+)$/.exec(name) ?? []
    const keyId = local.startsWith('alias/') ? this.#aliases.get(`${region} ${local}`) : local
    const key = this.#keys.get(keyId ?? '')
    if (!key || arnRegion !== region || account !== ACCOUNT || !key.regions.has(region)) {
      throw new AwsRefusal('NotFoundException', `Invalid keyId '${name}'`)
    }
    return key
  }

  /** As `find`, for a use of a key that encrypts: one that is disabled or about to be deleted is refused. */
  usable(region: string, name: unknown): TestKey {
    const key = this.#enabled(region, name)
    if (!key.pair) return key
    throw new AwsRefusal('InvalidKeyUsageException', `${arnOf(key, region)} key usage is SIGN_VERIFY.`)
  }

  /** As `usable`, of a key that signs. */
  signing(region: string, name: unknown): { readonly key: TestKey; readonly pair: SigningPair } {
    const key = this.#enabled(region, name)
    if (key.pair) return { key, pair: key.pair }
    throw new AwsRefusal('InvalidKeyUsageException', `${arnOf(key, region)} key usage is ENCRYPT_DECRYPT.`)
  }

  #enabled(region: string, name: unknown): TestKey {
    const key = this.find(region, name)
    const arn = arnOf(key, region)
    if (key.state === 'Disabled') throw new AwsRefusal('DisabledException', `${arn} is disabled.`)
    if (key.state === 'PendingDeletion') {
      throw new AwsRefusal('KMSInvalidStateException', `${arn} is pending deletion.`)
    }
    return key
  }

  setAlias(region: string, alias: unknown, target: unknown, mode: 'create' | 'update'): void {
    if (typeof alias !== 'string' || !/^alias\/[A-Za-z0-9/_-]+$/.test(alias)) {
      throw new AwsRefusal('ValidationException', 'AliasName must be alias/ and a name')
    }
    const exists = this.#aliases.has(`${region} ${alias}`)
    if (mode === 'create' && exists) throw new AwsRefusal('AlreadyExistsException', `${alias} exists`)
    if (mode === 'update' && !exists) throw new AwsRefusal('NotFoundException', `Alias ${alias} is not found.`)
    this.#aliases.set(`${region} ${alias}`, this.find(region, target).keyId)
  }

  aliasesIn(region: string): { readonly AliasName: string; readonly TargetKeyId: string }[] {
    return [...this.#aliases]
      .filter(([name]) => name.startsWith(`${region} `))
      .map(([name, keyId]) => ({ AliasName: name.slice(region.length + 1), TargetKeyId: keyId }))
  }
}

export function arnOf({ keyId }: TestKey, region: string): string {
  return `arn:aws:kms:${region}:${ACCOUNT}:key/${keyId}`
}
