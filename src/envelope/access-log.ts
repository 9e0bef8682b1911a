import type { Clock } from '../kms/clock.js'
import type { WaitOptions } from '../kms/deadline.js'
import { type EventEnd, type EventLog, failureOf, recordIn, SUCCESS } from '../kms/event-log.js'
import type { KekRef } from '../kms/provider.js'
import type { EnvelopeBinding } from './binding.js'

/** One use of a data key. */
export interface DataKeyAccess {
  /** Where the data key came from. `cache` and nothing else needed no KMS. */
  readonly source: 'cache' | 'unwrap' | 'generate'
  readonly envelope: string
  readonly binding: EnvelopeBinding
  /** Under which the data key is wrapped: of those that the envelope names the one that opened it, or else the first. */
  readonly kek?: KekRef
  readonly end: EventEnd
}

/** Told of every data key before it is given out, from the cache too. */
export type AccessLog = EventLog<DataKeyAccess>

export interface Accessed<T> {
  readonly value: T
  readonly kek: KekRef
}

/** Gives out what `access` gives once that is written down, and writes down its failure. */
export async function recorded<T>(
  log: AccessLog,
  about: Omit<DataKeyAccess, 'end'>,
  wait: WaitOptions,
  clock: Clock,
  access: () => Promise<Accessed<T>>,
): Promise<T> {
  let accessed: Accessed<T>
  try {
    accessed = await access()
  } catch (error) {
    // What the KMS said is what the caller has to act on.
    await recordIn(log, { ...about, end: failureOf(error) }, wait, clock).catch(() => undefined)
    throw error
  }
  await recordIn(log, { ...about, kek: accessed.kek, end: SUCCESS }, wait, clock)
  return accessed.value
}
