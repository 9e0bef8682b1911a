import type PgBoss from 'pg-boss'
import { ConfigurationError } from '../errors.js'
import type { Queryable } from '../postgres/queryable.js'

const QUEUE = 'waxseal-rotation'

/**
 * Tells workers at once that a run is there, by jobs of pg-boss. No work rests on them: one that is lost is made up for by the
 * next look at the open runs, and one that comes twice, or late, finds the run taken or ended.
 */
export class WakeUps {
  readonly #boss: PgBoss

  private constructor(boss: PgBoss) {
    this.#boss = boss
  }

  /** Makes the schema of pg-boss and the queue, where they are missing; else needs no more than to write to them. */
  static async connect(pool: Queryable): Promise<WakeUps> {
    const Boss = await loadPgBoss()
    const boss = new Boss({
      db: { executeSql: async (text, values) => pool.query(text, values) },
      schedule: false,
    })
    // Its upkeep, which is tried again. What a caller asked for is rejected to the caller.
    boss.on('error', () => undefined)
    await boss.start()
    try {
      if (!(await boss.getQueue(QUEUE))) {
        // One that waits is enough for each run.
        await boss.createQueue(QUEUE, { name: QUEUE, policy: 'short', retryLimit: 0 })
      }
    } catch (error) {
      await boss.stop({ graceful: false })
      throw error
    }
    return new WakeUps(boss)
  }

  async send(run: string): Promise<void> {
    await this.#boss.send(QUEUE, { run }, { singletonKey: run })
  }

  /** The id of a run that waits for a worker, which nobody else gets. */
  async take(): Promise<string | undefined> {
    const [job] = await this.#boss.fetch<{ readonly run: string }>(QUEUE)
    if (!job) return undefined
    await this.#boss.complete(QUEUE, job.id)
    return job.data.run
  }

  async close(): Promise<void> {
    await this.#boss.stop({ graceful: false })
  }
}

async function loadPgBoss(): Promise<typeof PgBoss> {
  try {
    return (await import('pg-boss')).default
  } catch (cause) {
    throw new ConfigurationError('several machines need the package pg-boss; install it with "npm i pg-boss@10"', {
      cause,
    })
  }
}
