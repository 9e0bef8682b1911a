import { AzureRefusal, badParameter } from './azure-refusal.js'
import type { Attributes, Keys, KeyVersion, TestKey } from './keys.js'
import type { Route } from './routes.js'
import { assertUsable, decrypt, encrypt, sign, verify } from './uses.js'

export type AzureRequest = Readonly<Record<string, unknown>>

/** What an operation works on. */
export interface AzureCall {
  readonly route: Route
  readonly request: AzureRequest
  readonly keys: Keys
  /** Where the ids of keys are said to be. */
  readonly vaultUrl: string
  readonly now: number
}

type Use = (version: KeyVersion, request: AzureRequest) => object

function use(operation: string, run: Use) {
  return ({ route, request, keys, now, vaultUrl }: AzureCall): object => {
    const version = keys.version(route.name, route.version)
    assertUsable(version, operation, now)
    return { kid: `${vaultUrl}/keys/${route.name}/${version.version}`, ...run(version, request) }
  }
}

const wrapping: Use = (version, { alg, value }) => ({ value: text(encrypt(version, alg, bytes(value))) })
const unwrapping: Use = (version, { alg, value }) => ({ value: text(decrypt(version, alg, bytes(value))) })

/** The operations by the name that the audit log has for them. https://learn.microsoft.com/rest/api/keyvault/keys/operation-groups */
export const OPERATIONS: Readonly<Record<string, (call: AzureCall) => object | Promise<object>>> = {
  KeyEncrypt: use('encrypt', wrapping),
  KeyWrap: use('wrapKey', wrapping),
  KeyDecrypt: use('decrypt', unwrapping),
  KeyUnwrap: use('unwrapKey', unwrapping),
  KeySign: use('sign', (version, { alg, value }) => ({ value: text(sign(version, alg, bytes(value))) })),
  KeyVerify: use('verify', (version, { alg, digest, value }) => ({
    value: verify(version, alg, bytes(digest), bytes(value)),
  })),

  KeyGet: ({ route, keys, vaultUrl }) =>
    bundle(vaultUrl, keys.find(route.name), keys.version(route.name, route.version)),
  async KeyCreate({ route, request, keys, vaultUrl, now }) {
    const { kty, key_size: size, key_ops: operations, attributes = {} } = request
    const kind = { kty: String(kty), size, ...(Array.isArray(operations) && { operations }) }
    const key = await keys.create(route.name, kind, attributes as Partial<Attributes>, now)
    return bundle(vaultUrl, key)
  },
  async KeyRotate({ route, keys, vaultUrl, now }) {
    return bundle(vaultUrl, await keys.create(route.name, keys.find(route.name).kind, {}, now))
  },
  KeyUpdate({ route, request, keys, vaultUrl, now }) {
    const version = keys.version(route.name, route.version)
    Object.assign(version.attributes, request['attributes'], { updated: Math.floor(now / 1_000) })
    if (Array.isArray(request['key_ops'])) version.operations = request['key_ops']
    return bundle(vaultUrl, keys.find(route.name), version)
  },
  KeyListVersions({ route, keys, vaultUrl }) {
    const { versions } = keys.find(route.name)
    const value = versions.map(({ version, attributes }) => {
      return { kid: `${vaultUrl}/keys/${route.name}/${version}`, attributes: { ...attributes } }
    })
    return { value }
  },

  KeyRotationPolicyGet: ({ route, keys }) => keys.find(route.name).rotationPolicy,
  KeyUpdateRotationPolicy({ route, request, keys }) {
    const key = keys.find(route.name)
    key.rotationPolicy = request
    return key.rotationPolicy
  },

  KeyDelete: ({ route, keys, vaultUrl }) => deletedBundle(vaultUrl, keys.delete(route.name)),
  KeyGetDeleted: ({ route, keys, vaultUrl }) => deletedBundle(vaultUrl, keys.deleted(route.name)),
  KeyRecover: ({ route, keys, vaultUrl }) => bundle(vaultUrl, keys.recover(route.name)),

  unknown() {
    throw new AzureRefusal(404, 'NotFound', 'there is no such operation')
  },
}

function bundle(vaultUrl: string, { name, kind, versions }: TestKey, version = versions.at(-1) as KeyVersion) {
  const { kty: _, ...numbers } = version.publicKey.export({ format: 'jwk' })
  return {
    key: { kid: `${vaultUrl}/keys/${name}/${version.version}`, kty: kind.kty, key_ops: version.operations, ...numbers },
    attributes: { ...version.attributes, recoverableDays: 90, recoveryLevel: 'Recoverable+Purgeable' },
  }
}

function deletedBundle(vaultUrl: string, key: TestKey) {
  return { ...bundle(vaultUrl, key), recoveryId: `${vaultUrl}/deletedkeys/${key.name}` }
}

function bytes(value: unknown): Buffer {
  if (typeof value === 'string' && value !== '') return Buffer.from(value, 'base64url')
  throw badParameter('expected bytes')
}

function text(value: Uint8Array): string {
  return Buffer.from(value).toString('base64url')
}
