import type { KekRef } from '../kms/provider.js'
import type { ProcessState } from '../lifecycle/read-fleet.js'
import { mayBe } from './kek-name.js'

/** Why the process may still store a wrap under this KEK, or undefined when it will not. */
export function objectionOf(process: ProcessState, kek: KekRef): string | undefined {
  const { keks, isLive, isHeard, isConnected, isOver, isNew } = process
  const names = keks.some((ref) => mayBe(kek, ref))
  if (!isLive) {
    if (isConnected) return 'has no heartbeat and an open connection: it hangs, or is stopped; end it'
    return names && !isOver ? 'died while it wrapped under it; what it sent may still arrive' : undefined
  }
  if (names) return 'wraps under it'
  if (!isHeard) return 'has not been heard since the check began'
  if (keks.length === 0 && isNew) return 'began just now, and has not said what it wraps with'
  return undefined
}
