import { setImmediate } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals'
import { EnvelopeCipher } from '../../src/index.js'
import { type FleetMember, type FleetOptions, installSchema, joinFleet } from '../../src/lifecycle/index.js'
import { FaultyProvider, ManualClock } from '../../src/testing/index.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'
import { binding } from '../unit/envelope/fixtures.js'

export interface Joined {
  readonly kms: FaultyProvider
  readonly cipher: EnvelopeCipher
  readonly clock: ManualClock
  readonly member: FleetMember
  /** The versions that the stored row names, in their order. */
  versions(): Promise<string[]>
  /** Lets so many heartbeat intervals pass, and waits for the last heartbeat to be stored. */
  beat(times?: number): Promise<void>
}

/** A database with the schema, and processes that the tests join and that leave at the end of each. */
export function fleetSuite() {
  let database: FreshDatabase
  let members: FleetMember[] = []
  beforeAll(async () => {
    database = await freshDatabase()
  })
  beforeEach(() => installSchema(database.client))
  afterEach(async () => {
    await Promise.all(members.map((member) => member.leave()))
    members = []
  })
  afterAll(() => database.drop())

  async function row(id: string): Promise<Record<string, any> | undefined> {
    const { rows } = await database.client.query('SELECT * FROM waxseal.process WHERE id = $1', [id])
    return rows[0]
  }

  async function join(options: Partial<FleetOptions> = {}): Promise<Joined> {
    const clock = new ManualClock()
    const kms = new FaultyProvider()
    const cipher = options.cipher ?? new EnvelopeCipher({ provider: kms, cache: { maxKeys: 100 } })
    const member = await joinFleet({ cipher, connection: database.url, clock, ...options })
    members.push(member)
    const versions = async () => ((await row(member.id))?.keks ?? []).map(({ version }: { version: string }) => version)
    await until(async () => (await versions()).length > 0)
    // As text: two heartbeats of one millisecond are equal as dates.
    const stored = async () => {
      const sql = 'SELECT heartbeat_at::text AS it FROM waxseal.process WHERE id = $1'
      return (await database.client.query(sql, [member.id])).rows[0]?.it as string | undefined
    }
    // A statement on its way would be taken for one that never ends, so nothing may have begun since the row was read.
    const quiet = async () => {
      for (;;) {
        await until(() => clock.pendingTimers <= 1)
        const before = await stored()
        if (clock.pendingTimers <= 1) return before
      }
    }
    return {
      ...{ kms, cipher, clock, member, versions },
      async beat(times = 1) {
        for (let n = 0; n < times; n++) {
          const before = await quiet()
          await clock.advance(5_000)
          await until(async () => (await stored()) !== before)
        }
      },
    }
  }

  return {
    row,
    join,
    get database() {
      return database
    },
  }
}

/** Asks until it is so. */
export async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isSo())) await setImmediate()
}

export const mint = (cipher: EnvelopeCipher) => cipher.mint(binding)
