import type { Message } from './grpc.js'
import { assertAllowed } from './iam.js'
import { addVersion, assertEnabled, type Keys, stateOf, type TestCryptoKey, type VersionState } from './keys.js'
import { FAILED_PRECONDITION, GcpRefusal, INVALID_ARGUMENT } from './refusal.js'
import { cryptoKeyOf, cryptoKeyVersionOf } from './resources.js'

export interface Administration {
  readonly request: Message
  readonly identity: string
  readonly keys: Keys
  readonly now: Date
}

const DAY_MS = 86_400_000
const UNSPECIFIED = 'CRYPTO_KEY_VERSION_ALGORITHM_UNSPECIFIED'
const DESTROY_AFTER_MS = 30 * DAY_MS

/** Key rings, keys and versions: undefined for an operation that is none of these. */
export function administer(operation: string, administration: Administration): Message | undefined {
  return Object.hasOwn(OPERATIONS, operation) ? OPERATIONS[operation]?.(operation, administration) : undefined
}

const OPERATIONS: Readonly<Record<string, (operation: string, administration: Administration) => Message>> = {
  CreateKeyRing(_, { request, keys, now }) {
    const name = `${request['parent']}/keyRings/${request['keyRingId']}`
    keys.createRing(name, now)
    return { name }
  },
  GetKeyRing: (_, { request, keys }) => ({ name: keys.ring(nameOf(request)).name }),

  CreateCryptoKey(_, { request, keys, now }) {
    const asked = (request['cryptoKey'] ?? {}) as Message
    const template = (asked['versionTemplate'] ?? {}) as Message
    const duration = asked['destroyScheduledDuration'] as { seconds?: string } | null
    const purpose = String(asked['purpose'])
    if (purpose === 'CRYPTO_KEY_PURPOSE_UNSPECIFIED') {
      throw new GcpRefusal(INVALID_ARGUMENT, 'CryptoKey.purpose must be set.')
    }
    const level = String(template['protectionLevel'] ?? 'SOFTWARE')
    const algorithm = String(template['algorithm'] ?? UNSPECIFIED)
    const as = {
      purpose,
      algorithm: algorithm === UNSPECIFIED ? 'GOOGLE_SYMMETRIC_ENCRYPTION' : algorithm,
      protectionLevel: level === 'PROTECTION_LEVEL_UNSPECIFIED' ? 'SOFTWARE' : level,
      rotationPeriod: asked['rotationPeriod'] ?? null,
      destroyAfterMs: duration ? Number(duration.seconds) * 1_000 : DESTROY_AFTER_MS,
    }
    const key = keys.create(`${request['parent']}/cryptoKeys/${request['cryptoKeyId']}`, as, now)
    const hasVersion = request['skipInitialVersionCreation'] !== true
    const version = hasVersion ? addVersion(key, now) : undefined
    if (purpose === 'ENCRYPT_DECRYPT') key.primary = version
    return cryptoKeyOf(key, now)
  },
  GetCryptoKey(operation, { request, identity, keys, now }) {
    const key = keys.key(nameOf(request))
    assertAllowed(key, identity, operation)
    return cryptoKeyOf(key, now)
  },
  ListCryptoKeys: (_, { request, keys, now }) => ({
    cryptoKeys: keys.keysOf(String(request['parent'])).map((key) => cryptoKeyOf(key, now)),
  }),
  UpdateCryptoKey(operation, { request, identity, keys, now }) {
    const asked = request['cryptoKey'] as Message
    const key = keys.key(nameOf(asked))
    assertAllowed(key, identity, operation)
    key.rotationPeriod = asked['rotationPeriod']
    return cryptoKeyOf(key, now)
  },
  UpdateCryptoKeyPrimaryVersion(operation, { request, identity, keys, now }) {
    const { key, version } = keys.version(`${nameOf(request)}/cryptoKeyVersions/${request['cryptoKeyVersionId']}`)
    assertAllowed(key, identity, operation)
    assertEnabled(key, version, now)
    key.previousPrimary = key.primary
    key.primary = version
    return cryptoKeyOf(key, now)
  },

  CreateCryptoKeyVersion(operation, { request, identity, keys, now }) {
    const key = keys.key(String(request['parent']))
    assertAllowed(key, identity, operation)
    return cryptoKeyVersionOf(key, addVersion(key, now), now)
  },
  GetCryptoKeyVersion(operation, { request, identity, keys, now }) {
    const { key, version } = keys.version(nameOf(request))
    assertAllowed(key, identity, operation)
    return cryptoKeyVersionOf(key, version, now)
  },
  ListCryptoKeyVersions(operation, { request, identity, keys, now }) {
    const key = keys.key(String(request['parent']))
    assertAllowed(key, identity, operation)
    return { cryptoKeyVersions: key.versions.map((version) => cryptoKeyVersionOf(key, version, now)) }
  },
  UpdateCryptoKeyVersion(operation, administration) {
    const asked = administration.request['cryptoKeyVersion'] as Message
    const state = String(asked['state']) as VersionState
    if (state !== 'ENABLED' && state !== 'DISABLED') {
      throw new GcpRefusal(INVALID_ARGUMENT, 'A version can be set to ENABLED or DISABLED.')
    }
    return change(operation, administration, nameOf(asked), ['ENABLED', 'DISABLED'], () => ({ state }))
  },
  DestroyCryptoKeyVersion: (operation, administration) =>
    change(operation, administration, nameOf(administration.request), ['ENABLED', 'DISABLED'], (key) => ({
      state: 'DESTROY_SCHEDULED',
      destroyAt: new Date(administration.now.getTime() + key.destroyAfterMs),
    })),
  RestoreCryptoKeyVersion: (operation, administration) =>
    change(operation, administration, nameOf(administration.request), ['DESTROY_SCHEDULED'], () => ({
      state: 'DISABLED',
      destroyAt: undefined,
    })),
}

function change(
  operation: string,
  { identity, keys, now }: Administration,
  name: string,
  from: readonly VersionState[],
  to: (key: TestCryptoKey) => { readonly state: VersionState; readonly destroyAt?: Date | undefined },
): Message {
  const { key, version } = keys.version(name)
  assertAllowed(key, identity, operation)
  const state = stateOf(version, now)
  if (!from.includes(state)) {
    throw new GcpRefusal(FAILED_PRECONDITION, `${name} cannot be changed, current state is: ${state}.`)
  }
  Object.assign(version, to(key))
  return cryptoKeyVersionOf(key, version, now)
}

function nameOf(message: Message): string {
  return String(message['name'])
}
