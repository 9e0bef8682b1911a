import { isWaxsealError } from '../errors.js'
import type { Clock } from './clock.js'
import { settleBy, type WaitOptions } from './deadline.js'

/**
 * Where events are written down by whoever cannot wait until they are stored. It keeps a bounded number that is not stored
 * yet. While it is `full`, nothing is given out that would be an event: whoever can wait does so for `room()`.
 */
export interface EventLog<Event> {
  readonly full: boolean
  /** Keeps the event, in the turn of the caller and for whoever the caller acts for. Throws when it is full. */
  record(event: Event): void
  /** Resolves when there may be room again: who waits looks at `full` once more. */
  room(): Promise<void>
}

/** What became of what an event tells. */
export type EventEnd =
  | { readonly outcome: 'success' }
  | { readonly outcome: 'denied' | 'error'; readonly reason: string }

export const SUCCESS: EventEnd = Object.freeze({ outcome: 'success' })

/** Of those who are told of no events. */
export const noEventLog: EventLog<unknown> = { full: false, record: () => undefined, room: async () => undefined }

/** Waits once for room, until the deadline. */
export function roomIn(log: EventLog<never>, wait: WaitOptions, clock: Clock): Promise<void> {
  return settleBy('room in the event log', wait, clock, () => log.room())
}

/** Records it in the turn in which there is room, and rejects at the deadline. */
export async function recordIn<E>(log: EventLog<E>, event: E, wait: WaitOptions, clock: Clock): Promise<void> {
  while (log.full) await roomIn(log, wait, clock)
  log.record(event)
}

export function failureOf(error: unknown): Exclude<EventEnd, { readonly outcome: 'success' }> {
  if (!isWaxsealError(error)) return { outcome: 'error', reason: 'unknown' }
  const isDenied = error.code === 'ERR_KMS_ACCESS_DENIED' || error.code === 'ERR_KEK_NOT_ACCEPTED'
  return { outcome: isDenied ? 'denied' : 'error', reason: error.code }
}
