/** What AWS KMS answers instead of a result: its code, which the SDK makes the `name` of an error. */
export class AwsRefusal extends Error {
  readonly code: string
  readonly httpStatus: number

  constructor(code: string, message: string, httpStatus = 400) {
    super(message)
    this.code = code
    this.httpStatus = httpStatus
  }
}

/** What the KMS answers to a call that failed: a mistake of the server itself is an internal error, as with any server. */
export function refusalOf(error: unknown): AwsRefusal {
  const isRefusal = typeof error === 'object' && error !== null && 'httpStatus' in error
  return isRefusal ? (error as AwsRefusal) : new AwsRefusal('KMSInternalException', 'internal error', 500)
}
