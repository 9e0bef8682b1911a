import type { Clock } from '../kms/clock.js'
import { settleBy, type WaitOptions } from '../kms/deadline.js'
import type { KekRef } from '../kms/provider.js'
import type { EnvelopeBinding } from './binding.js'
import type { StoredWrap } from './metadata.js'

/** Writes down under which KEKs a process wraps, before anything that it wrapped can be stored. */
export interface WrapAnnouncer {
  /** Undefined when these KEKs are written down already. A rejection keeps the wraps from leaving the cipher. */
  announce(keks: readonly KekRef[], binding: EnvelopeBinding): Promise<void> | undefined
  /** For `healthCheck`. */
  health(): AnnouncerHealth
}

export interface AnnouncerHealth {
  /** `failed`: a KEK that this process begins to use would not be known to whoever retires KEKs. */
  readonly status: 'ok' | 'failed'
  /** Whether new envelopes are refused then. */
  readonly required: boolean
}

/**
 * The announcers of one cipher. New wraps leave the cipher through here and by no other way, so that what an announcer has
 * written down covers whatever the application can store.
 */
export class WrapAnnouncements {
  readonly #announcers = new Set<WrapAnnouncer>()

  /** Returns a function that takes it away again. */
  add(announcer: WrapAnnouncer): () => void {
    this.#announcers.add(announcer)
    return () => this.#announcers.delete(announcer)
  }

  /** Resolves when every announcer knows the KEKs, and rejects at the deadline. */
  async before(
    wraps: readonly StoredWrap[],
    binding: EnvelopeBinding,
    options: WaitOptions,
    clock: Clock,
  ): Promise<void> {
    if (this.#announcers.size === 0) return
    const keks = wraps.map(({ kek }) => kek)
    const waits = [...this.#announcers].flatMap((announcer) => announcer.announce(keks, binding) ?? [])
    if (waits.length > 0) await settleBy('announcing a KEK', options, clock, () => Promise.all(waits))
  }

  health(): AnnouncerHealth[] {
    return [...this.#announcers].map((announcer) => announcer.health())
  }
}
