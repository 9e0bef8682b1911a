import { EnvelopeChangedError, InvalidEnvelopeError, PlaintextRefusedError, type WaxsealError } from '../errors.js'

const refusals: Readonly<Record<string, (cause: unknown) => WaxsealError>> = {
  WX001: (cause) =>
    new PlaintextRefusedError(
      'the guard refused the statement (WX001): it would have stored a field that is not a ciphertext',
      { cause },
    ),
  WX002: (cause) =>
    new EnvelopeChangedError(
      'the guard refused the statement (WX002): the row has another envelope by now; load it again and retry',
      { cause },
    ),
  WX003: (cause) =>
    new InvalidEnvelopeError(
      'the guard refused the statement (WX003): it would have changed what the envelope is bound to and kept the envelope; use save() or updateEncrypted()',
      { cause },
    ),
  WX004: (cause) =>
    new EnvelopeChangedError(
      'the guard refused the statement (WX004): the encryption metadata has changed by now; load the row again and retry',
      { cause },
    ),
  WX005: (cause) =>
    new InvalidEnvelopeError(
      'the guard refused the statement (WX005): it would have stored metadata that is not of format 1',
      { cause },
    ),
  WX006: (cause) =>
    new PlaintextRefusedError(
      'the guard refused the statement (WX006): it would have written a column that is being adopted without its encrypted column; write it with save() or updateEncrypted()',
      { cause },
    ),
}

/** What the guard said, in our words; undefined for any other failure of a statement. */
export function guardRefusal(error: unknown): WaxsealError | undefined {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' && Object.hasOwn(refusals, code) ? refusals[code]?.(withoutValues(error)) : undefined
}

/** A server that logs the parameters of failed statements puts them into the error as well, into `where`. */
function withoutValues(error: unknown): Error {
  const { message, code, schema, table, constraint } = error as Error & Record<string, unknown>
  return Object.assign(new Error(message), { code, schema, table, constraint })
}
