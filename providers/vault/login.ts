import { CachedLookup } from '../../src/kms/cached-lookup.js'
import type { Clock } from '../../src/kms/clock.js'
import type { CallOptions } from '../../src/kms/provider.js'
import { type Upkeep, unrecordedUpkeep } from '../../src/kms/upkeep.js'
import type { VaultClient } from './client.js'
import { exchange } from './exchange.js'
import { type IssuedToken, renewed, type TokenSource } from './token-source.js'

/** What is left of a lease is not worth a renewal. */
const SHORTEST_LEASE_MS = 1_000

/**
 * The token that calls are made with. Those who need one meanwhile wait for one login. It is renewed after two thirds of its
 * lease, in the background: a service without traffic keeps its token too. One that cannot be renewed is replaced at the
 * next call, before it ends. Renewals go through `upkeep`; a login is of the call that needs it.
 */
export class VaultLogin {
  readonly #client: VaultClient
  readonly #source: TokenSource
  readonly #upkeep: Upkeep
  readonly #clock: Clock
  readonly #issued: CachedLookup<IssuedToken>
  #current: IssuedToken | undefined
  #cancelRenewal: () => void = () => undefined

  constructor(
    client: VaultClient,
    source: TokenSource,
    upkeep: Upkeep = unrecordedUpkeep,
    clock: Clock = backgroundClock,
  ) {
    this.#client = client
    this.#source = source
    this.#upkeep = upkeep
    this.#clock = clock
    this.#issued = new CachedLookup((options) => this.#obtain(options), { maxAgeMs: Number.POSITIVE_INFINITY, clock })
  }

  async token(options: CallOptions): Promise<string> {
    return (await this.#issued.get(options)).token
  }

  /**
   * Whether a call that was refused with `token` is worth another try. Vault refuses a token that ended as it refuses one
   * that may not, so it is asked: who is denied does not log in again and again.
   */
  async replaces(token: string, options: CallOptions): Promise<boolean> {
    if ((await this.token(options)) !== token) return true
    if (!this.#source.isReplaceable) return false
    const call = { operation: 'auth/token/lookup-self' }
    const reply = await exchange(this.#client, { method: 'GET', path: call.operation, token }, call, options)
    if (reply.status === 200) return false
    // Unless one of the others who were refused has done so already.
    if ((await this.token(options)) === token) this.#issued.forget()
    return true
  }

  async #obtain(options: CallOptions): Promise<IssuedToken> {
    const issued = await this.#source.obtain(this.#client, options)
    this.#cancelRenewal()
    this.#current = issued
    if (issued.renewable || this.#source.isReplaceable) this.#schedule(issued, issued.ttlMs)
    return issued
  }

  #schedule(issued: IssuedToken, leftMs: number): void {
    if (leftMs < SHORTEST_LEASE_MS) return
    const pauseMs = (leftMs * 2) / 3
    this.#cancelRenewal = this.#clock.after(pauseMs, () => void this.#renew(issued, leftMs - pauseMs))
  }

  #renewed({ token }: IssuedToken) {
    return this.#upkeep('authenticate', (options) => renewed(this.#client, token, options))
  }

  async #renew(issued: IssuedToken, leftMs: number): Promise<void> {
    const lease = issued.renewable ? await this.#renewed(issued).catch(() => undefined) : undefined
    if (this.#current !== issued) return
    // Near the end of what the role allows at most, a renewal gives less and less.
    if (lease && lease.ttlMs >= issued.ttlMs / 2) return this.#schedule(issued, lease.ttlMs)
    if (this.#source.isReplaceable) this.#issued.forget()
    else this.#schedule(issued, lease?.ttlMs ?? leftMs)
  }
}

/** A process that has nothing else to do ends, whatever is to be renewed. */
const backgroundClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    // Node runs a timer with a longer delay at once.
    const timer = setTimeout(run, Math.min(ms, 2 ** 31 - 1)).unref()
    return () => clearTimeout(timer)
  },
}
