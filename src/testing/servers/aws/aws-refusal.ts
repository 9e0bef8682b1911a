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
