import type { Attributes } from '@opentelemetry/api'
import { isWaxsealError } from '../errors.js'

/** The class of an error, and nothing that it says. `_OTHER` is OpenTelemetry's word for what has no class. */
export function errorAttributes(error: unknown): Attributes {
  if (!isWaxsealError(error)) return { 'error.type': '_OTHER' }
  const reason = 'reason' in error ? { 'waxseal.reason': String(error.reason) } : {}
  return { 'error.type': error.code, ...reason }
}
