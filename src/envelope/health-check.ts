import { ConfigurationError, type ErrorCode } from '../errors.js'
import { type Clock, systemClock } from '../kms/clock.js'
import { assertOptions, CLOCK, isText, type OptionRules, wholeNumberFrom } from '../kms/options.js'
import { CANARY } from './canary.js'
import type { EnvelopeCipher } from './envelope-cipher.js'
import type { KekHealth } from './kek-health.js'
import type { WrappedMetadata } from './metadata.js'
import { metadataFromJson, metadataToJson } from './metadata-codec.js'
import type { AnnouncerHealth } from './wrap-announcements.js'

export interface HealthCheckOptions {
  /** How long a success is remembered, in milliseconds. Failures are not. Default 30,000. */
  readonly maxAgeMs?: number
  /** For all KMSs together, in milliseconds. Default 2,000: give the probe a little more. */
  readonly timeoutMs?: number
  /**
   * What `mintCanary` gave a process that may wrap. For one that may not: it is ready when it can unwrap this. Mint it again
   * after the version of a KEK that it names was disabled.
   */
  readonly canary?: string
  /** Default: that of the system; the same as the cipher's. Tests pass one that they move by hand. */
  readonly clock?: Clock
}

/** What a readiness handler may return as it is. */
export interface Health {
  /**
   * `ok`: credentials can be written and read. `degraded`: nothing new can be written, and what is stored may be read through
   * another KEK. `failed`: only what is cached can be read. With `canary` nothing is said of writing.
   */
  readonly status: 'ok' | 'degraded' | 'failed'
  /** When the KMSs were asked: up to `maxAgeMs` ago. */
  readonly checkedAt: string
  /** In the order of the wraps: the provider first. Empty when the cipher is closed. */
  readonly keks: readonly KekHealth[]
  /** Whether the process is known to the fleet, of each that it joined; told anew at each call. */
  readonly fleet?: readonly AnnouncerHealth[]
  /** Of the cipher itself: `ERR_CIPHER_CLOSED`. */
  readonly code?: ErrorCode
}

const OPTIONS: OptionRules<HealthCheckOptions> = {
  maxAgeMs: wholeNumberFrom(0),
  timeoutMs: wholeNumberFrom(1),
  canary: [isText, 'be the text that mintCanary gave'],
  clock: CLOCK,
}

/**
 * Makes the function that a readiness handler calls: it wraps and unwraps a canary under each KEK that new envelopes use, or
 * unwraps the `canary` that it is given. It never rejects, those who ask at the same time share the calls, and a success is remembered, so that a probe each second is
 * no call each second.
 */
export function healthCheck(cipher: EnvelopeCipher, options: HealthCheckOptions = {}): () => Promise<Health> {
  assertOptions('healthCheck', options, OPTIONS)
  const { maxAgeMs = 30_000, timeoutMs = 2_000, clock = systemClock } = options
  const canary = options.canary === undefined ? undefined : parseCanary(options.canary)
  let last: { readonly health: Promise<Health>; goodUntil: number } | undefined
  const check = async (): Promise<Health> => {
    const checkedAt = new Date(clock.now()).toISOString()
    const keks = await cipher.checkKeks({ deadline: clock.now() + timeoutMs }, canary)
    return { status: statusOf(keks), checkedAt, keks }
  }
  return async () => {
    if (cipher.closed) {
      const checkedAt = new Date(clock.now()).toISOString()
      return { status: 'failed', checkedAt, keks: [], code: 'ERR_CIPHER_CLOSED' }
    }
    if (!last || clock.now() >= last.goodUntil) {
      const started = { health: check(), goodUntil: Number.POSITIVE_INFINITY }
      last = started
      void started.health.then(({ status }) => {
        started.goodUntil = status === 'ok' ? clock.now() + maxAgeMs : 0
      })
    }
    return withFleet(await last.health, cipher.announcements.health())
  }
}

function statusOf(keks: readonly KekHealth[]): Health['status'] {
  if (keks.every(({ status }) => status === 'ok')) return 'ok'
  return keks.some(({ role, status }) => role !== 'wrap-only recipient' && status === 'ok') ? 'degraded' : 'failed'
}

/** Who is not in the fleet has no word of it. Where it is required, new envelopes are refused without it. */
function withFleet(health: Health, fleet: readonly AnnouncerHealth[]): Health {
  if (fleet.length === 0) return health
  const isRefusing = fleet.some(({ status, required }) => status === 'failed' && required)
  return { ...health, status: health.status === 'ok' && isRefusing ? 'degraded' : health.status, fleet }
}

/** A canary for processes that may not wrap, as text to hand them: an envelope that belongs to nothing, and no secret. */
export async function mintCanary(cipher: EnvelopeCipher): Promise<string> {
  const { metadata } = await cipher.mint(CANARY)
  cipher.forget(metadata.id)
  return JSON.stringify(metadataToJson(metadata))
}

function parseCanary(text: string): WrappedMetadata {
  try {
    const metadata = metadataFromJson(JSON.parse(text))
    if (metadata.state === 'wrapped') return metadata
  } catch {
    // Refused below: what exactly is wrong with it is of no use to whoever has to mint another.
  }
  throw new ConfigurationError('healthCheck: "canary" must be the text that mintCanary gave')
}
