/** What the SDK hands to `onResponse`: the reply as it came, refusals included. */
export interface AzureRawReply {
  readonly status: number
  readonly headers: { get(name: string): string | undefined }
  readonly parsedBody?: unknown
}

export interface AzureCallOptions {
  readonly abortSignal?: AbortSignal
  readonly onResponse?: (reply: AzureRawReply) => void
  readonly requestOptions?: { readonly headers?: Record<string, string> }
}

export interface AzureJsonWebKey {
  readonly kty?: string | undefined
  readonly crv?: string | undefined
  readonly n?: Uint8Array | undefined
  readonly x?: Uint8Array | undefined
  readonly y?: Uint8Array | undefined
}

export interface AzureKey {
  readonly key?: AzureJsonWebKey | undefined
  readonly keyOperations?: readonly string[] | undefined
  readonly properties: {
    readonly version?: string | undefined
    readonly enabled?: boolean | undefined
    readonly notBefore?: Date | undefined
    readonly expiresOn?: Date | undefined
  }
}

/** The part of the class `KeyClient` of `@azure/keyvault-keys` that is used: written down so that no declaration names the SDK. */
export interface AzureKeys {
  getKey(name: string, options?: AzureCallOptions & { version?: string }): Promise<AzureKey>
}

/** The part of the class `CryptographyClient`. What else its results say of the key is what it was made with. */
export interface AzureCryptography {
  wrapKey(
    algorithm: 'RSA-OAEP-256',
    key: Uint8Array,
    options?: AzureCallOptions,
  ): Promise<{ readonly result: Uint8Array }>
  unwrapKey(
    algorithm: 'RSA-OAEP-256',
    encryptedKey: Uint8Array,
    options?: AzureCallOptions,
  ): Promise<{ readonly result: Uint8Array }>
  sign(algorithm: 'ES256', digest: Uint8Array, options?: AzureCallOptions): Promise<{ readonly result: Uint8Array }>
}

/** Which version of which key a client is for: what `CryptographyClient` is made with, and no public key. */
export interface AzureKeyVersion {
  readonly id: string
  readonly name: string
  readonly properties: { readonly vaultUrl: string; readonly name: string; readonly version: string }
}

/** One vault, spoken to by the SDK. `connectAzure` makes it with the right settings. */
export interface AzureClient {
  readonly vaultUrl: string
  readonly keys: AzureKeys
  /**
   * A `CryptographyClient` for one version, made with the version itself and not with its URL. Then it holds no public key,
   * so that it never wraps locally, and does not refuse to unwrap under a version that has expired, as Key Vault allows.
   */
  cryptographyOf(key: AzureKeyVersion): AzureCryptography
}

export interface AzureRotationPolicy {
  readonly lifetimeActions?: readonly { readonly action: string }[] | undefined
}

/** What the vault can be asked about a key besides. */
export interface AzureKeyInquiries {
  getKeyRotationPolicy(name: string, options: AzureCallOptions): Promise<AzureRotationPolicy>
}
