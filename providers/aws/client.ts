import type { EncryptionContext } from '../../src/kms/context.js'

/** What every reply of the SDK has, and every error that came as one. */
export interface AwsReply {
  readonly $metadata: { readonly requestId?: string | undefined; readonly httpStatusCode?: number | undefined }
}

interface KeyedReply extends AwsReply {
  /** The key ARN, whatever name was asked for. */
  readonly KeyId?: string | undefined
}

interface DecryptRequest {
  DryRun?: boolean
  KeyId: string
  CiphertextBlob: Uint8Array
  EncryptionContext: EncryptionContext
  EncryptionAlgorithm: 'SYMMETRIC_DEFAULT'
  GrantTokens: string[]
}

interface EncryptRequest {
  DryRun?: boolean
  KeyId: string
  Plaintext: Uint8Array
  EncryptionContext: EncryptionContext
  GrantTokens: string[]
}

interface GenerateDataKeyRequest {
  DryRun?: boolean
  KeyId: string
  KeySpec: 'AES_256'
  EncryptionContext: EncryptionContext
  GrantTokens: string[]
}

interface ReEncryptRequest {
  DryRun?: boolean
  CiphertextBlob: Uint8Array
  SourceKeyId: string
  SourceEncryptionContext: EncryptionContext
  DestinationKeyId: string
  DestinationEncryptionContext: EncryptionContext
  GrantTokens: string[]
}

export interface AwsKeyMetadata {
  readonly Arn?: string | undefined
  readonly CurrentKeyMaterialId?: string | undefined
  readonly KeyState?: string | undefined
  readonly KeySpec?: string | undefined
  readonly KeyUsage?: string | undefined
  readonly Origin?: string | undefined
  readonly MultiRegion?: boolean | undefined
}

export interface AwsCallOptions {
  readonly abortSignal?: AbortSignal
}

/** The part of the class `KMS` of `@aws-sdk/client-kms` that encrypts: written down so that no declaration names the SDK. */
export interface AwsKms {
  /** Its types are those of every operation of the SDK, so that none of ours fits: see `correlation.ts`. */
  readonly middlewareStack: { add(middleware: never, options: never): void }
  decrypt(
    request: DecryptRequest,
    options?: AwsCallOptions,
  ): Promise<KeyedReply & { readonly Plaintext?: Uint8Array | undefined; readonly KeyMaterialId?: string | undefined }>
  describeKey(
    request: { KeyId: string; GrantTokens: string[] },
    options?: AwsCallOptions,
  ): Promise<AwsReply & { readonly KeyMetadata?: AwsKeyMetadata | undefined }>
  /** Does not say which key material it used. */
  encrypt(
    request: EncryptRequest,
    options?: AwsCallOptions,
  ): Promise<KeyedReply & { readonly CiphertextBlob?: Uint8Array | undefined }>
  generateDataKey(
    request: GenerateDataKeyRequest,
    options?: AwsCallOptions,
  ): Promise<
    KeyedReply & {
      readonly Plaintext?: Uint8Array | undefined
      readonly CiphertextBlob?: Uint8Array | undefined
      readonly KeyMaterialId?: string | undefined
    }
  >
  reEncrypt(
    request: ReEncryptRequest,
    options?: AwsCallOptions,
  ): Promise<
    KeyedReply & {
      readonly CiphertextBlob?: Uint8Array | undefined
      readonly SourceKeyId?: string | undefined
      readonly SourceKeyMaterialId?: string | undefined
      readonly DestinationKeyMaterialId?: string | undefined
    }
  >
}

/** What the client can be asked about a key. */
export interface AwsKeyInquiries {
  getKeyPolicy(
    request: { KeyId: string; PolicyName: 'default' },
    options?: AwsCallOptions,
  ): Promise<AwsReply & { readonly Policy?: string | undefined }>
  /** By pages; a grant is what the KMS says it is. */
  listGrants(request: { KeyId: string; Limit: number; Marker?: string }, options?: AwsCallOptions): Promise<AwsReply>
  getKeyRotationStatus(
    request: { KeyId: string },
    options?: AwsCallOptions,
  ): Promise<AwsReply & { readonly KeyRotationEnabled?: boolean | undefined }>
}

/** The part of the client that a key pair is used by, in place of a key that encrypts. */
export interface AwsSigning extends Pick<AwsKms, 'middlewareStack'> {
  getPublicKey(
    request: { KeyId: string },
    options?: AwsCallOptions,
  ): Promise<KeyedReply & { readonly PublicKey?: Uint8Array | undefined }>
  sign(
    request: {
      KeyId: string
      Message: Uint8Array
      MessageType: 'RAW' | 'DIGEST'
      SigningAlgorithm: 'ED25519_SHA_512' | 'ECDSA_SHA_256'
    },
    options?: AwsCallOptions,
  ): Promise<KeyedReply & { readonly Signature?: Uint8Array | undefined }>
}
