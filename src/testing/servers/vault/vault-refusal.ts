/** What Vault answers instead of a result: an HTTP status and a text. */
export class VaultRefusal extends Error {
  readonly httpStatus: number

  constructor(httpStatus: number, message: string) {
    super(message)
    this.httpStatus = httpStatus
  }
}

/** A mistake of the server itself is an internal error, as with any server. */
export function refusalOf(error: unknown): VaultRefusal {
  const isRefusal = typeof error === 'object' && error !== null && 'httpStatus' in error
  return isRefusal ? (error as VaultRefusal) : new VaultRefusal(500, 'internal error')
}
