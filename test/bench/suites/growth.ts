import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { EnvelopeCipher } from 'waxseal'
import { estimateOf } from 'waxseal/census'
import { DATA_KEY_BYTES } from 'waxseal/kms'
import { installSchema } from 'waxseal/lifecycle'
import { rotate } from 'waxseal/rotation'
import { startTemporaryPostgres } from 'waxseal/testing'
import { createGrownTable } from '../database/grown-table.js'
import { credentialTable } from '../database/guarded-tables.js'
import { TimedPool } from '../database/timed-pool.js'
import { walPosition } from '../database/wal.js'
import { type Figure, figure, ratio } from '../harness/figure.js'
import { shuffled, wallTime } from '../harness/rounds.js'
import { median } from '../harness/statistics.js'
import { type MemorySample, memoryGrowth } from './memory-growth.js'
import { OneKeyProvider } from './one-key-provider.js'

const SIZES = { small: 100_000, large: 3_000_000 } as const
type Size = keyof typeof SIZES
const ROUNDS = 9
const BATCH_ROWS = 100
/** More than three ranges have, each of which is cut when its turn comes. */
const BATCHES = 64
/** Long enough for a leak of a kilobyte for each row to show. */
const LONG_BATCHES = 2_000

const WHAT = ['batch', 'sets', 'range', 'census'] as const
/** Microseconds. */
type Times = Record<(typeof WHAT)[number], number[]>
const none = (): Times => ({ batch: [], sets: [], range: [], census: [] })

/** Whether what a rotation does over and over takes longer, or more room, where the table is larger or the run longer. */
export async function growth(): Promise<Figure[]> {
  const postgres = await startTemporaryPostgres()
  const client = new pg.Client({ connectionString: postgres.url })
  await client.connect()
  await installSchema(client)
  // The user has the name of our schema, which therefore would be searched first.
  await client.query('SET search_path = public')
  const dataKey = randomBytes(DATA_KEY_BYTES)
  const kek = await new OneKeyProvider(dataKey, '1').currentKek()
  for (const [name, rows] of Object.entries(SIZES)) await createGrownTable(client, name, { rows, dataKey, kek })
  const cipher = new EnvelopeCipher({ provider: new OneKeyProvider(dataKey, '2'), cache: false })
  const rotation = new Rotation(cipher, postgres.url)

  const samples: Record<Size, Times> = { small: none(), large: none() }
  for (let round = -1; round < ROUNDS; round++) {
    for (const size of shuffled(Object.keys(SIZES) as Size[])) {
      const found = await rotation.measure(size)
      await newRun(client, size)
      if (round < 0) continue
      for (const what of WHAT) samples[size][what].push(median(found[what]))
    }
  }
  const wal = await walOf(client, () => rotation.batches('large', BATCHES))
  await newRun(client, 'large')
  const memory: MemorySample[] = []
  await rotation.batches('large', LONG_BATCHES, () => memory.push(process.memoryUsage()))
  await rotation.end()
  await client.end()
  await postgres.stop()

  const grown = memoryGrowth(memory)
  const long = `over ${LONG_BATCHES * BATCH_ROWS} rows of one run`
  return [
    ...WHAT.map((what) => ratio({ id: `growth-${what}`, ...TEXTS[what] }, samples.large[what], samples.small[what])),
    figure({ id: 'wal-row', title: 'WAL of a rewrapped row, without full pages' }, 'bytes', [wal]),
    figure({ id: 'memory-heap', title: `growth of the heap ${long}`, goal: { atMost: 8 } }, 'MB', [grown.heap]),
    figure({ id: 'memory-rss', title: `growth of the process ${long}`, goal: { atMost: 32 } }, 'MB', [grown.rss]),
  ]
}

const goal = { atMost: 1.25 }
const TEXTS = {
  batch: { title: `a batch of ${BATCH_ROWS} rows`, goal },
  sets: { title: 'listing the sets of KEKs', goal },
  range: { title: 'cutting a range', goal },
  census: { title: 'census --quick', goal },
} as const

/** The rows that are done leave their places, and the next rotation starts with a run of its own. */
async function newRun(client: pg.Client, size: Size): Promise<void> {
  await client.query(`UPDATE waxseal.run SET state = 'cancelled' WHERE state = 'running'`)
  await client.query(`VACUUM ${size}`)
}

async function walOf(client: pg.Client, run: () => Promise<void>): Promise<number> {
  const start = await walPosition(client)
  await run()
  return ((await walPosition(client)) - start) / (BATCHES * BATCH_ROWS)
}

/** Rotates a table for some batches at a time. */
class Rotation {
  readonly #cipher: EnvelopeCipher
  readonly #pool: TimedPool
  #found = none()

  constructor(cipher: EnvelopeCipher, url: string) {
    this.#cipher = cipher
    this.#pool = new TimedPool(url, (text, time) => {
      if (text.startsWith('WITH RECURSIVE sets')) this.#found.sets.push(time)
      if (/ OFFSET \d+ LIMIT 1$/.test(text)) this.#found.range.push(time)
    })
  }

  async measure(size: Size): Promise<Times> {
    this.#found = none()
    let last: number | undefined
    await this.batches(size, BATCHES, () => {
      if (last !== undefined) this.#found.batch.push(wallTime() - last)
      last = wallTime()
    })
    for (let n = 0; n < 15; n++) {
      const start = wallTime()
      await estimateOf(this.#pool, credentialTable(size))
      this.#found.census.push(wallTime() - start)
    }
    return this.#found
  }

  async batches(size: Size, batches: number, onBatch: () => void = () => undefined): Promise<void> {
    const end = new AbortController()
    let done = 0
    await rotate({
      cipher: this.#cipher,
      tables: [credentialTable(size)],
      pool: this.#pool,
      batchRows: BATCH_ROWS,
      signal: end.signal,
      onEvent({ type }) {
        if (type !== 'batch') return
        onBatch()
        if (++done === batches) end.abort()
      },
    })
  }

  end(): Promise<void> {
    return this.#pool.end()
  }
}
