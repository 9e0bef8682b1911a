import type { CallBudget, KekName, Reservation } from '../kms/budget.js'
import type { Queryable } from '../postgres/queryable.js'

/** Calls a second at a KEK; undefined where there is nothing to spare. */
export type RateOf = (kek: KekName) => number | undefined

const AT_ONCE = (calls: number): Reservation => ({ granted: calls, startsInMs: 0, intervalMs: 0 })

/**
 * One rate for all processes on a database: each reservation moves the time on at which the next call may be sent. By the
 * server's clock, so that the processes need not agree on theirs. What was not used is not saved up: a run that was slow for
 * a minute does not call twice as fast in the next.
 */
export class SharedBudget implements CallBudget {
  readonly #client: Queryable
  readonly #rateOf: RateOf

  /** `client`: a pool, or a connection that is in no transaction. */
  constructor(client: Queryable, rateOf: RateOf) {
    this.#client = client
    this.#rateOf = rateOf
  }

  async reserve(kek: KekName, calls: number, withinMs: number): Promise<Reservation> {
    const rate = this.#rateOf(kek)
    if (rate === undefined) return AT_ONCE(calls)
    const intervalMs = 1_000 / rate
    const { rows } = await this.#client.query(RESERVE, [kek.provider, kek.id, calls, intervalMs, withinMs])
    const { granted, startsInMs } = rows[0] as unknown as Pick<Reservation, 'granted' | 'startsInMs'>
    return { granted, startsInMs, intervalMs }
  }
}

/** The first turn, and how many come soon enough, when `next` was the one to be given out. */
const startsAt = (next: string) => `greatest(${next}, now())`
const granted = (next: string) => {
  const room = `($5::float8 - extract(epoch FROM ${startsAt(next)} - now())::float8 * 1000) / $4::float8`
  return `least($3::int, greatest(0, floor(${room}) + 1))::int`
}
const nextAt = (next: string) => `${startsAt(next)} + ${granted(next)} * $4::float8 * interval '1 millisecond'`
const NONE = `'-infinity'::timestamptz`

// A crash of the server may undo a reservation, which costs a burst and no data: nobody waits for the disk.
const RESERVE = `WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
  INSERT INTO waxseal.call_budget AS stored (provider, kek, starts_at, granted, next_at)
    SELECT $1, $2, ${startsAt(NONE)}, ${granted(NONE)}, ${nextAt(NONE)} FROM quick
    ON CONFLICT (provider, kek) DO UPDATE SET starts_at = ${startsAt('stored.next_at')},
      granted = ${granted('stored.next_at')}, next_at = ${nextAt('stored.next_at')}
    RETURNING granted, extract(epoch FROM starts_at - clock_timestamp())::float8 * 1000 AS "startsInMs"`
