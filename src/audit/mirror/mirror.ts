import { randomUUID } from 'node:crypto'
import { type Clock, systemClock } from '../../kms/clock.js'
import { pause } from '../../kms/pause.js'
import type { Pool, Queryable } from '../../postgres/queryable.js'
import type { PostureCheck, TimeWindow } from '../trail/trail-reader.js'
import { lagOf } from './coverage.js'
import { type Lease, releaseLease } from './lease.js'
import { type MirroredTrail, makePass, type PassResult } from './make-pass.js'
import { type Posture, storePosture } from './posture.js'
import { readerFailure } from './reader-failure.js'
import type { BatchCounts } from './store-batch.js'
import { registerSource, type TrailSource } from './trail-source.js'

/** What happens while trails are mirrored. */
export type MirrorEvent =
  /** A pass begins. `from`: from when on it reads, where that is known. */
  | { readonly type: 'start'; readonly source: TrailSource; readonly from: Date | undefined; readonly to: Date }
  | {
      readonly type: 'batch'
      readonly source: TrailSource
      readonly counts: BatchCounts
      /** Between which times its events happened. */
      readonly happened: TimeWindow | undefined
    }
  | { readonly type: 'posture'; readonly source: TrailSource; readonly posture: Pick<Posture, 'ok' | 'checks'> }
  | {
      readonly type: 'pass'
      readonly source: TrailSource
      readonly result: PassResult
      /** How far back from now the time lies up to which nothing can be missing; null where nothing is covered. */
      readonly lagMs: number | null
    }
  /** The database failed: it is tried again. */
  | { readonly type: 'trouble'; readonly error: unknown }

export interface MirrorOptions {
  /** Ends it after the batch at hand. */
  readonly signal: AbortSignal
  /** Called for each pass, batch, look at the posture and trouble. */
  readonly onEvent?: (event: MirrorEvent) => void
  /** Default: that of the system. Tests pass one that they move by hand. */
  readonly clock?: Clock
  /** Uniform in [0, 1). Tests pass their own. */
  readonly random?: () => number
}

/** Beyond the interval between two passes: then another process takes the source over. */
const SPARE_LEASE_MS = 120_000
const POSTURE_EVERY_MS = 86_400_000
const FIRST_BACK_OFF_MS = 1_000
const LONGEST_BACK_OFF_MS = 300_000

/** One pass over each trail, one after the other. */
export async function mirrorOnce(
  pool: Pool,
  trails: readonly MirroredTrail[],
  options: MirrorOptions,
): Promise<{ readonly source: TrailSource; readonly result: PassResult }[]> {
  const results: { readonly source: TrailSource; readonly result: PassResult }[] = []
  for (const trail of trails) {
    const mirror = new SourceMirror(pool, trail, options)
    try {
      results.push(await mirror.pass())
    } finally {
      await mirror.release()
    }
  }
  return results
}

/** Pass after pass over all trails at a time, until the signal. Several processes share them: each source has one of them. */
export async function followTrails(
  pool: Pool,
  trails: readonly MirroredTrail[],
  options: MirrorOptions,
): Promise<void> {
  await Promise.all(trails.map((trail) => new SourceMirror(pool, trail, options).follow()))
}

class SourceMirror {
  readonly #pool: Pool
  readonly #trail: MirroredTrail
  readonly #signal: AbortSignal
  readonly #clock: Clock
  readonly #random: () => number
  readonly #onEvent: (event: MirrorEvent) => void
  readonly #owner = randomUUID()
  #lease: Lease | undefined
  #postureDueAt = Number.NEGATIVE_INFINITY

  constructor(pool: Pool, trail: MirroredTrail, options: MirrorOptions) {
    const { signal, clock = systemClock, random = Math.random, onEvent = () => undefined } = options
    this.#pool = pool
    this.#trail = trail
    this.#signal = signal
    this.#clock = clock
    this.#random = random
    this.#onEvent = onEvent
  }

  async follow(): Promise<void> {
    for (let failures = 0; !this.#signal.aborted; ) {
      failures = (await this.#succeeds()) ? 0 : failures + 1
      await pause(this.#pauseMs(failures), this.#clock, this.#signal).catch(() => undefined)
    }
    await this.release().catch(() => undefined)
  }

  async pass(): Promise<{ readonly source: TrailSource; readonly result: PassResult }> {
    return this.#onConnection(async (client) => {
      const lease = await this.#leaseOn(client)
      const { source } = lease
      const now = new Date(this.#clock.now())
      const result = await makePass(client, this.#trail, lease, {
        ...{ now, signal: this.#signal },
        onStart: (from) => this.#onEvent({ type: 'start', source, from, to: now }),
        onBatch: (counts, happened) => this.#onEvent({ type: 'batch', source, counts, happened }),
      })
      this.#onEvent({ type: 'pass', source, result, lagMs: await lagOf(client, source.id) })
      // A trail that was changed is not trusted until a look finds it in order.
      if (result.counts.logging > 0) this.#postureDueAt = Number.NEGATIVE_INFINITY
      if (result.state !== 'elsewhere') await this.#lookAtPosture(client, source)
      return { source, result }
    })
  }

  /** So that another process need not wait until the lease ends by itself. */
  async release(): Promise<void> {
    const lease = this.#lease
    if (lease) await this.#onConnection((client) => releaseLease(client, lease))
  }

  async #succeeds(): Promise<boolean> {
    try {
      const { result } = await this.pass()
      return result.state === 'ok' || result.state === 'elsewhere'
    } catch (error) {
      if (!this.#signal.aborted) this.#onEvent({ type: 'trouble', error })
      return false
    }
  }

  /** Full jitter: machines that failed together do not come back together. */
  #pauseMs(failures: number): number {
    if (failures === 0) return this.#trail.reader.intervalMs
    return Math.floor(this.#random() * Math.min(LONGEST_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** (failures - 1)))
  }

  async #leaseOn(client: Queryable): Promise<Lease> {
    const { reader } = this.#trail
    this.#lease ??= {
      ...{ source: await registerSource(client, reader), owner: this.#owner },
      holdMs: reader.intervalMs + SPARE_LEASE_MS,
    }
    return this.#lease
  }

  async #lookAtPosture(client: Queryable, source: TrailSource): Promise<void> {
    if (this.#clock.now() < this.#postureDueAt) return
    const posture = await storePosture(client, source.id, await this.#checks())
    this.#postureDueAt = this.#clock.now() + POSTURE_EVERY_MS
    this.#onEvent({ type: 'posture', source, posture })
  }

  /** A look that fails finds nothing in order: else what the last one found would stand for good. */
  async #checks(): Promise<readonly PostureCheck[]> {
    try {
      return await this.#trail.reader.probe(this.#signal)
    } catch (error) {
      this.#signal.throwIfAborted()
      return [{ id: 'posture', state: 'unknown', evidence: `could not be looked at: ${readerFailure(error).reason}` }]
    }
  }

  async #onConnection<T>(use: (client: Queryable) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect()
    let failed = true
    try {
      const result = await use(client)
      failed = false
      return result
    } finally {
      client.release(failed)
    }
  }
}
