/** What Google Cloud answers instead of a result: a status of gRPC. */
export class GcpRefusal extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
export const INVALID_ARGUMENT = 3
export const NOT_FOUND = 5
export const ALREADY_EXISTS = 6
export const PERMISSION_DENIED = 7
export const RESOURCE_EXHAUSTED = 8
export const FAILED_PRECONDITION = 9
export const UNIMPLEMENTED = 12
const INTERNAL = 13
export const UNAVAILABLE = 14

/** What a call that failed is answered: a mistake of the server itself is an internal error, as with any server. */
export function refusalOf(error: unknown): { readonly code: number; readonly details: string } {
  const { code, message } = error as Partial<GcpRefusal>
  return typeof code === 'number' ? { code, details: message ?? '' } : { code: INTERNAL, details: 'Internal error.' }
}
