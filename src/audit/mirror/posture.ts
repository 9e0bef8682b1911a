import type { Queryable } from '../../postgres/queryable.js'
import { wholeJson } from '../storable.js'
import type { PostureCheck } from '../trail/trail-reader.js'

export interface Posture {
  readonly checkedAt: Date
  /** Whether every check was made and found what it should. */
  readonly ok: boolean
  readonly checks: readonly PostureCheck[]
}

export async function storePosture(
  client: Queryable,
  source: string,
  checks: readonly PostureCheck[],
): Promise<Pick<Posture, 'ok' | 'checks'>> {
  // Whoever looked at nothing knows nothing.
  const ok = checks.length > 0 && checks.every(({ state }) => state === 'ok')
  await client.query('INSERT INTO waxseal.trail_posture (source, ok, checks) VALUES ($1, $2, $3)', [
    ...[source, ok, wholeJson(checks)],
  ])
  return { ok, checks }
}
