import { randomBytes } from 'node:crypto'
import { AwsRefusal } from './aws-refusal.js'
import { type AwsContext, decryptUnder, encryptUnder, keyIdOf } from './ciphertext.js'
import { arnOf, type Keys, type TestKey } from './keys.js'
import { KEY_SPECS, SIGNING } from './signing.js'

export type AwsRequest = Readonly<Record<string, unknown>>

/** What an operation works on. */
export interface AwsCall {
  readonly request: AwsRequest
  readonly region: string
  readonly keys: Keys
  readonly now: Date
}

const MAX_PLAINTEXT_BYTES = 4_096
const MAX_CIPHERTEXT_BYTES = 6_144
const MAX_DAYS = 30

/** The operations by name. https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html */
export const OPERATIONS: Readonly<Record<string, (call: AwsCall) => object>> = {
  ...SIGNING,

  GenerateDataKey({ request, region, keys }) {
    const key = keys.usable(region, request['KeyId'])
    if (request['KeySpec'] !== 'AES_256' && request['NumberOfBytes'] !== 32) {
      throw new AwsRefusal('ValidationException', 'expected KeySpec AES_256 or NumberOfBytes 32')
    }
    const plaintext = randomBytes(32)
    const blob = encryptUnder(key, plaintext, contextOf(request['EncryptionContext']))
    return { ...keyed(key, region), ...base64({ Plaintext: plaintext, CiphertextBlob: blob }), ...material(key) }
  },

  Encrypt({ request, region, keys }) {
    const key = keys.usable(region, request['KeyId'])
    const plaintext = bytesOf(request, 'Plaintext', MAX_PLAINTEXT_BYTES)
    const blob = encryptUnder(key, plaintext, contextOf(request['EncryptionContext']))
    // Without KeyMaterialId, as AWS.
    return { ...keyed(key, region), ...base64({ CiphertextBlob: blob }), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' }
  },

  Decrypt({ request, region, keys }) {
    const blob = bytesOf(request, 'CiphertextBlob', MAX_CIPHERTEXT_BYTES)
    const key = keyOfBlob(keys, region, blob, request['KeyId'])
    const opened = decryptUnder(key, blob, contextOf(request['EncryptionContext']))
    return {
      ...keyed(key, region),
      ...base64({ Plaintext: opened.plaintext }),
      EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      KeyMaterialId: opened.material.id,
    }
  },

  ReEncrypt({ request, region, keys }) {
    const blob = bytesOf(request, 'CiphertextBlob', MAX_CIPHERTEXT_BYTES)
    const source = keyOfBlob(keys, region, blob, request['SourceKeyId'])
    const opened = decryptUnder(source, blob, contextOf(request['SourceEncryptionContext']))
    const target = keys.usable(region, request['DestinationKeyId'])
    const again = encryptUnder(target, opened.plaintext, contextOf(request['DestinationEncryptionContext']))
    return {
      ...keyed(target, region),
      ...base64({ CiphertextBlob: again }),
      SourceKeyId: arnOf(source, region),
      SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      DestinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      SourceKeyMaterialId: opened.material.id,
      DestinationKeyMaterialId: target.currentMaterial.id,
    }
  },

  DescribeKey: ({ request, region, keys }) => ({ KeyMetadata: describe(keys.find(region, request['KeyId']), region) }),

  CreateKey({ request, region, keys, now }) {
    const tags = (request['Tags'] ?? []) as { TagKey: string; TagValue: string }[]
    const pairs = new Map(tags.map(({ TagKey, TagValue }) => [TagKey, TagValue]))
    const kind = {
      multiRegion: request['MultiRegion'] === true,
      tags: pairs,
      signs: KEY_SPECS[String(request['KeySpec'])],
    }
    return { KeyMetadata: describe(keys.create(region, kind, now), region) }
  },

  ReplicateKey({ request, region, keys }) {
    const key = keys.find(region, request['KeyId'])
    const replica = request['ReplicaRegion']
    if (!key.keyId.startsWith('mrk-')) throw new AwsRefusal('UnsupportedOperationException', 'not a multi-Region key')
    if (typeof replica !== 'string') throw new AwsRefusal('ValidationException', 'ReplicaRegion must not be null')
    key.regions.add(replica)
    return { ReplicaKeyMetadata: describe(key, replica) }
  },

  EnableKey: ({ request, region, keys }) => change(() => (keys.find(region, request['KeyId']).state = 'Enabled')),
  DisableKey: ({ request, region, keys }) => change(() => (keys.find(region, request['KeyId']).state = 'Disabled')),
  CancelKeyDeletion({ request, region, keys }) {
    const key = keys.find(region, request['KeyId'])
    key.state = 'Disabled'
    return keyed(key, region)
  },
  ScheduleKeyDeletion({ request, region, keys, now }) {
    const key = keys.find(region, request['KeyId'])
    key.state = 'PendingDeletion'
    const days = Number(request['PendingWindowInDays'] ?? MAX_DAYS)
    return { ...keyed(key, region), KeyState: key.state, DeletionDate: now.getTime() / 1_000 + days * 86_400 }
  },

  RotateKeyOnDemand({ request, region, keys, now }) {
    const key = keys.find(region, request['KeyId'])
    keys.usable(region, request['KeyId'])
    key.rotate(now)
    return keyed(key, region)
  },
  EnableKeyRotation: ({ request, region, keys }) => change(() => (keys.find(region, request['KeyId']).rotates = true)),
  DisableKeyRotation: ({ request, region, keys }) =>
    change(() => (keys.find(region, request['KeyId']).rotates = false)),
  GetKeyRotationStatus({ request, region, keys }) {
    const key = keys.find(region, request['KeyId'])
    return { ...keyed(key, region), KeyRotationEnabled: key.rotates, RotationPeriodInDays: 365 }
  },
  ListKeyRotations({ request, region, keys }) {
    const key = keys.find(region, request['KeyId'])
    const listed = request['IncludeKeyMaterial'] === 'ALL_KEY_MATERIAL' ? key.materials : key.materials.slice(1)
    const Rotations = listed.map((each) => ({
      KeyId: arnOf(key, region),
      KeyMaterialId: each.id,
      KeyMaterialState: each === key.currentMaterial ? 'CURRENT' : 'NON_CURRENT',
      RotationDate: each.since.getTime() / 1_000,
      RotationType: 'ON_DEMAND',
    }))
    return { Rotations, Truncated: false }
  },

  CreateAlias: ({ request, region, keys }) =>
    change(() => keys.setAlias(region, request['AliasName'], request['TargetKeyId'], 'create')),
  UpdateAlias: ({ request, region, keys }) =>
    change(() => keys.setAlias(region, request['AliasName'], request['TargetKeyId'], 'update')),
  ListAliases: ({ region, keys }) => ({ Aliases: keys.aliasesIn(region), Truncated: false }),
  ListResourceTags({ request, region, keys }) {
    const { tags } = keys.find(region, request['KeyId'])
    return { Tags: [...tags].map(([TagKey, TagValue]) => ({ TagKey, TagValue })), Truncated: false }
  },
}

function change(run: () => unknown): object {
  run()
  return {}
}

/** The key of a blob, which has to be the one that the caller pins. */
function keyOfBlob(keys: Keys, region: string, blob: Buffer, pinned: unknown): TestKey {
  const key = keys.usable(region, keyIdOf(blob))
  if (pinned !== undefined && keys.usable(region, pinned) !== key) {
    throw new AwsRefusal('IncorrectKeyException', 'The key ID in the request does not identify a CMK that can decrypt')
  }
  return key
}

function keyed(key: TestKey, region: string) {
  return { KeyId: arnOf(key, region) }
}

function material(key: TestKey) {
  return { KeyMaterialId: key.currentMaterial.id }
}

function base64(parts: Readonly<Record<string, Buffer>>) {
  return Object.fromEntries(Object.entries(parts).map(([name, bytes]) => [name, bytes.toString('base64')]))
}

function bytesOf(request: AwsRequest, member: string, most: number): Buffer {
  const bytes = Buffer.from(String(request[member] ?? ''), 'base64')
  if (bytes.length >= 1 && bytes.length <= most) return bytes
  throw new AwsRefusal('ValidationException', `${member} must have 1 to ${most} bytes`)
}

function contextOf(context: unknown): AwsContext {
  const pairs = context ?? {}
  if (Object.values(pairs as object).every((value) => typeof value === 'string')) return pairs as AwsContext
  throw new AwsRefusal('SerializationException', 'EncryptionContext must be a map of strings')
}

function describe(key: TestKey, region: string) {
  const [primary] = key.regions
  const isMultiRegion = key.keyId.startsWith('mrk-')
  const MultiRegionConfiguration = {
    MultiRegionKeyType: primary === region ? 'PRIMARY' : 'REPLICA',
    PrimaryKey: { Arn: arnOf(key, primary as string), Region: primary },
  }
  return {
    Arn: arnOf(key, region),
    KeyId: key.keyId,
    CreationDate: key.createdAt.getTime() / 1_000,
    Enabled: key.state === 'Enabled',
    KeyState: key.state,
    KeySpec: key.pair ? (key.pair.isEd25519 ? 'ECC_NIST_EDWARDS25519' : 'ECC_NIST_P256') : 'SYMMETRIC_DEFAULT',
    KeyUsage: key.pair ? 'SIGN_VERIFY' : 'ENCRYPT_DECRYPT',
    KeyManager: 'CUSTOMER',
    Origin: 'AWS_KMS',
    MultiRegion: isMultiRegion,
    ...(isMultiRegion && { MultiRegionConfiguration }),
    CurrentKeyMaterialId: key.currentMaterial.id,
  }
}
