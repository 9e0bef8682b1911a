import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect } from '@jest/globals'
import type { EntitySubscriberInterface } from 'typeorm'
import { FaultyProvider, ManualClock } from '../../../src/testing/index.js'
import { Credential, Token } from '../entities.js'
import { type Suite, suite } from '../suite.js'

export const POOL = 3
export const TIMEOUT_MS = 5_000

export interface FailureSuite extends Suite {
  readonly clock: ManualClock
  /** The state of every connection of the DataSource: a pool without anything under way is all idle. */
  connections(): Promise<Connections>
  /** Runs whatever is still waiting, for time or for a connection, until nothing is. */
  settle(): Promise<void>
  /** Runs `run` with one more subscriber, which the DataSource calls before ours or after. */
  withSubscriber<T>(place: Place, subscriber: EntitySubscriberInterface, run: () => Promise<T>): Promise<T>
}

export type Place = 'before' | 'after'

export interface Connections {
  readonly taken: number
  readonly waiting: number
  /** What the server says of those that are not idle, such as `idle in transaction`. */
  readonly busy: readonly string[]
}

const QUIET: Connections = { taken: 0, waiting: 0, busy: [] }

/**
 * A DataSource with a pool of three and a clock that tests move. After each test no connection is taken and no timer is
 * left. What nobody awaits needs no check here: jest fails a test that leaves a rejection or an exception to nobody.
 */
export function failureSuite(options: Parameters<typeof suite>[1] = {}): FailureSuite {
  const clock = new ManualClock()
  const typeorm = { extra: { max: POOL }, ...options.typeorm }
  const provider = new FaultyProvider({ clock })
  const s = suite([Credential, Token], { ...options, provider, encryption: { clock }, cipher: { clock }, typeorm })

  async function connections(): Promise<Connections> {
    const { master } = s.dataSource.driver as unknown as {
      master: { totalCount: number; idleCount: number; waitingCount: number }
    }
    const { rows } = await s.database.client.query<{ state: string }>(
      `SELECT state FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'`,
    )
    return {
      taken: master.totalCount - master.idleCount,
      waiting: master.waitingCount,
      busy: rows.map(({ state }) => state),
    }
  }

  async function settle(): Promise<void> {
    await clock.advance(60_000)
    // Of what was late each step takes a turn or the reply to a statement, and there are few: a connection that is still
    // taken after so many is stuck, also where another statement gets the processor more often than those.
    for (let turn = 0; turn < 5_000; turn++) {
      await setImmediate()
      if (turn > 20 && JSON.stringify(await connections()) === JSON.stringify(QUIET)) break
    }
    expect(await connections()).toEqual(QUIET)
    expect(clock.pendingTimers).toBe(0)
  }

  const heal = () => {
    s.encrypted.provider.faults.clear()
    s.encrypted.provider.clearCalls()
    s.encrypted.cipher.forgetAll()
  }
  beforeEach(heal)
  afterEach(async () => {
    heal()
    await settle()
  })

  return Object.assign(Object.create(s) as Suite, {
    clock,
    connections,
    settle,
    async withSubscriber<T>(place: Place, subscriber: EntitySubscriberInterface, run: () => Promise<T>): Promise<T> {
      const { subscribers } = s.dataSource
      if (place === 'before') subscribers.unshift(subscriber)
      else subscribers.push(subscriber)
      try {
        return await run()
      } finally {
        subscribers.splice(subscribers.indexOf(subscriber), 1)
      }
    },
  })
}
