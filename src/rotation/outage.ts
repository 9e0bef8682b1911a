import { isWaxsealError } from '../errors.js'
import type { RowFailure } from '../jobs/index.js'

const OUTAGES = new Set<string>(['ERR_KMS_UNAVAILABLE', 'ERR_KMS_ACCESS_DENIED', 'ERR_CIPHER_CLOSED'])

/** Throws what is no row's fault: where nothing else comes back for a whole batch, the next one would fare no better. */
export function assertNoOutage(failures: readonly RowFailure[]): void {
  const isOutage = ({ error }: RowFailure) => isWaxsealError(error) && OUTAGES.has(error.code)
  if (failures.length > 0 && failures.every(isOutage)) throw failures[0]!.error
}
