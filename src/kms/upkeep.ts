import type { CallLedger, UpkeepOperation } from './call-ledger.js'
import { type Clock, systemClock } from './clock.js'
import type { CallOptions } from './provider.js'
import { recordedCall } from './recorded-call.js'

/** Sends what no method of a provider sends. Every request that `send` makes takes the options that it is given. */
export type Upkeep = <T>(operation: UpkeepOperation, send: (options: CallOptions) => Promise<T>) => Promise<T>

/** Where there is no ledger. */
export const unrecordedUpkeep: Upkeep = (_, send) => send({})

/** As attempts of a ledger, where there is one. */
export function upkeepOf(ledger: CallLedger | undefined, provider: string): Upkeep {
  return ledger ? recordedUpkeep(ledger, provider) : unrecordedUpkeep
}

/** Each as an attempt of `ledger`, as `RecordingProvider` does it with calls. */
export function recordedUpkeep(ledger: CallLedger, provider: string, clock: Clock = systemClock): Upkeep {
  const unbound = { provider, context: {}, options: {}, kekOf: () => undefined }
  return (operation, send) => recordedCall(ledger, clock, { ...unbound, operation, send })
}
