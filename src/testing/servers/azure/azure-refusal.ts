/** What Key Vault answers instead of a result. Of a 403 the inner code says what it is about. */
export class AzureRefusal extends Error {
  readonly httpStatus: number
  readonly code: string
  readonly innerCode: string | undefined

  constructor(httpStatus: number, code: string, message: string, innerCode?: string) {
    super(message)
    this.httpStatus = httpStatus
    this.code = code
    this.innerCode = innerCode
  }
}

/** What the vault answers to a call that failed: a mistake of the server itself is an internal error, as with any server. */
export function refusalOf(error: unknown): AzureRefusal {
  const isRefusal = typeof error === 'object' && error !== null && 'httpStatus' in error
  return isRefusal ? (error as AzureRefusal) : new AzureRefusal(500, 'InternalServerError', 'internal error')
}

export function badParameter(message: string): AzureRefusal {
  return new AzureRefusal(400, 'BadParameter', message)
}
