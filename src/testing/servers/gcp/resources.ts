import type { Message } from './grpc.js'
import { stateOf, type TestCryptoKey, type TestVersion, versionNameOf } from './keys.js'

/** As the service describes a key. */
export function cryptoKeyOf(key: TestCryptoKey, now: Date): Message {
  return {
    name: key.name,
    purpose: key.purpose,
    createTime: timestampOf(key.createdAt),
    rotationPeriod: key.rotationPeriod,
    versionTemplate: { protectionLevel: key.protectionLevel, algorithm: key.algorithm },
    destroyScheduledDuration: { seconds: String(key.destroyAfterMs / 1_000) },
    primary: key.primary ? cryptoKeyVersionOf(key, key.primary, now) : null,
  }
}

export function cryptoKeyVersionOf(key: TestCryptoKey, version: TestVersion, now: Date): Message {
  return {
    name: versionNameOf(key, version),
    state: stateOf(version, now),
    protectionLevel: key.protectionLevel,
    algorithm: key.algorithm,
    createTime: timestampOf(version.createdAt),
    destroyTime: version.destroyAt && version.state === 'DESTROY_SCHEDULED' ? timestampOf(version.destroyAt) : null,
    destroyEventTime: version.destroyAt && version.state === 'DESTROYED' ? timestampOf(version.destroyAt) : null,
  }
}

function timestampOf(date: Date): Message {
  return { seconds: String(Math.floor(date.getTime() / 1_000)), nanos: (date.getTime() % 1_000) * 1_000_000 }
}
