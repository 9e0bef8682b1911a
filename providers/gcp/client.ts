/** A 64-bit integer: gRPC brings it as text, a request takes a number. */
interface Int64Value {
  readonly value?: string | number | null
}

interface EncryptRequest {
  /** Of a CryptoKeyVersion. Of a CryptoKey it would be any that was its primary lately. */
  readonly name: string
  readonly plaintext: Uint8Array
  readonly plaintextCrc32c: Int64Value
  readonly additionalAuthenticatedData: Uint8Array
  readonly additionalAuthenticatedDataCrc32c: Int64Value
}

export interface EncryptResponse {
  /** Of the CryptoKeyVersion that was used. */
  readonly name: string
  readonly ciphertext: Uint8Array
  readonly ciphertextCrc32c?: Int64Value | null
  readonly verifiedPlaintextCrc32c: boolean
  readonly verifiedAdditionalAuthenticatedDataCrc32c: boolean
}

interface DecryptRequest {
  /** Of a CryptoKey: the version is in the ciphertext. */
  readonly name: string
  readonly ciphertext: Uint8Array
  readonly ciphertextCrc32c: Int64Value
  readonly additionalAuthenticatedData: Uint8Array
  readonly additionalAuthenticatedDataCrc32c: Int64Value
}

/** Does not say which version was used, only whether it was the primary one. */
export interface DecryptResponse {
  readonly plaintext: Uint8Array
  readonly plaintextCrc32c?: Int64Value | null
}

/** One of the two: `data` for an algorithm that hashes itself, `digest` for one that takes a hash. */
export type GcpMessage =
  | { readonly data: Uint8Array; readonly dataCrc32c: Int64Value }
  | { readonly digest: { readonly sha256: Uint8Array }; readonly digestCrc32c: Int64Value }

export interface AsymmetricSignResponse {
  /** Of the CryptoKeyVersion that was used. */
  readonly name: string
  readonly signature: Uint8Array
  readonly signatureCrc32c?: Int64Value | null
  readonly verifiedDataCrc32c: boolean
  readonly verifiedDigestCrc32c: boolean
}

export interface GcpPublicKey {
  /** Of the CryptoKeyVersion. */
  readonly name: string
  readonly pem: string
  readonly pemCrc32c?: Int64Value | null
}

export interface GcpCryptoKey {
  readonly name: string
  readonly primary?: { readonly name: string; readonly state: string; readonly protectionLevel: string } | null
  readonly purpose: string
  readonly rotationPeriod?: { readonly seconds?: string | number | null } | null
}

/** What gax takes beside a request. */
export interface GcpCallOptions {
  /** Milliseconds, made into the deadline that gRPC keeps. */
  readonly timeout: number
  /** No retry. */
  readonly retry: null
  readonly otherArgs: { readonly headers: Readonly<Record<string, string>> }
}

/** A call on its way. */
export type GcpCall<T> = Promise<readonly [T, ...unknown[]]> & { cancel(): void }

export interface GcpOperations {
  getCryptoKey(request: { readonly name: string }, options: GcpCallOptions): GcpCall<GcpCryptoKey>
  encrypt(request: EncryptRequest, options: GcpCallOptions): GcpCall<EncryptResponse>
  decrypt(request: DecryptRequest, options: GcpCallOptions): GcpCall<DecryptResponse>
  asymmetricSign(
    request: { readonly name: string } & GcpMessage,
    options: GcpCallOptions,
  ): GcpCall<AsymmetricSignResponse>
  getPublicKey(request: { readonly name: string }, options: GcpCallOptions): GcpCall<GcpPublicKey>
}

/** The part of `KeyManagementServiceClient` of `@google-cloud/kms` that is used: written down so that no declaration names the SDK. */
export interface GcpKms {
  initialize(): Promise<unknown>
  readonly innerApiCalls: Readonly<Record<string, unknown>>
  close(): Promise<void>
}

/** What the client can be asked about a key besides. None of it is secret. */
export interface GcpInquiries {
  testIamPermissions(
    request: { readonly resource: string; readonly permissions: readonly string[] },
    options: GcpCallOptions,
  ): Promise<readonly [{ readonly permissions?: readonly string[] | null }, ...unknown[]]>
  getIamPolicy(
    request: { readonly resource: string; readonly options: { readonly requestedPolicyVersion: number } },
    options: GcpCallOptions,
  ): Promise<readonly [{ readonly bindings?: unknown }, ...unknown[]]>
}

/** A client that found no credentials says so here again; then there is nothing to close. */
export async function closeClient(client: GcpKms): Promise<void> {
  await client.close().catch(() => undefined)
}

/**
 * The operations behind the client's methods of the same names. The methods themselves print what they send and receive,
 * data keys included, when the SDK's log is switched on by the environment; their calls cannot be cancelled; and where no
 * credentials are found they leave a rejection that nobody handles, which ends the process.
 */
export async function operationsOf(client: GcpKms): Promise<GcpOperations> {
  await client.initialize()
  return client.innerApiCalls as unknown as GcpOperations
}
