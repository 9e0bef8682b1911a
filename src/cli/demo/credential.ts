/** A shop's credential as a service would keep it: one thing that must not leak, often two. */
export interface Credential {
  readonly tenantId: string
  readonly shop: string
  readonly kind: string
  /** An API key, a client secret, a PEM, a connection string. */
  readonly secret: string
  readonly webhookSecret: string | null
  readonly oauth: OAuthTokens | null
}

/** What a token endpoint returned, as JSON. */
export type OAuthTokens = Readonly<Record<string, unknown>>

/** Where credentials came from decides whether they may be shown. */
export interface CredentialSet {
  readonly credentials: readonly Credential[]
  /** The name of the file; absent for the demo's own, which may be shown. */
  readonly file?: string
}
