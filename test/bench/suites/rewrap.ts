import pg from 'pg'
import { EnvelopeCipher } from 'waxseal'
import { installSchema } from 'waxseal/lifecycle'
import { generateLocalKey, LocalProvider } from 'waxseal/providers/local'
import { rotate } from 'waxseal/rotation'
import { startTemporaryPostgres } from 'waxseal/testing'
import { credentialTable } from '../database/guarded-tables.js'
import { createRewrappedTable, type Rewraps, restore, rewrapsOf } from '../database/rewrapped-table.js'
import { type Figure, type FigureText, figure, ratio } from '../harness/figure.js'
import { type Case, measureRounds, oneByOne, wallTime } from '../harness/rounds.js'

const ROWS = 20_000
const BATCH_ROWS = 1_000
/** The slowest way does not have to do them all. */
const ONE_BY_ONE_ROWS = 4_000
const TABLES = ['guarded', 'unguarded'] as const

/** A rotation under a local KEK, beside the statement without which none can be, and beside one statement for each row. */
export async function rewrap(): Promise<Figure[]> {
  const postgres = await startTemporaryPostgres()
  const client = new pg.Client({ connectionString: postgres.url })
  const pool = new pg.Pool({ connectionString: postgres.url, max: 4, idleTimeoutMillis: 0 })
  // It ends while the last of them close.
  pool.on('error', () => undefined)
  await client.connect()
  await installSchema(client)
  // The user has the name of our schema, which therefore would be searched first.
  await client.query('SET search_path = public')
  const keys = `1:${generateLocalKey()},2:${generateLocalKey()}`
  const cipherOf = (currentKey: number) => {
    return new EnvelopeCipher({ provider: new LocalProvider({ keys, currentKey }), cache: false })
  }
  const [former, current] = [cipherOf(1), cipherOf(2)]
  const cases: Case[] = []
  for (const name of TABLES) {
    await createRewrappedTable(client, name, { rows: ROWS, cipher: former, guarded: name === 'guarded' })
    const rewraps = await rewrapsOf(client, name, current)
    const rotated = async () => {
      const [report] = await rotate({ cipher: current, tables: [credentialTable(name)], pool, batchRows: BATCH_ROWS })
      if (report?.rewrapped !== ROWS) throw new RangeError(`rewrapped ${report?.rewrapped} rows of ${ROWS}`)
    }
    cases.push(
      { name: `rotate ${name}`, run: oneByOne(rotated) },
      { name: `batches ${name}`, run: oneByOne(() => updateInBatches(client, name, rewraps)) },
      { name: `rows ${name}`, run: oneByOne(() => updateOneByOne(client, name, rewraps)) },
    )
  }
  const samples = await measureRounds(cases, {
    rounds: 9,
    sliceMs: 1,
    warmUpRounds: 1,
    stopwatch: wallTime,
    beforeSlice: (name) => restore(client, name.split(' ')[1]!),
  })
  await pool.end()
  await client.end()
  await postgres.stop()
  return TABLES.flatMap((name) => figuresOf(name, samples))
}

function figuresOf(name: (typeof TABLES)[number], samples: Record<string, number[]>): Figure[] {
  const perRow = (way: string, rows: number) => samples[`${way} ${name}`]!.map((time) => time / rows)
  const rotated = perRow('rotate', ROWS)
  const text = (id: string, title: string, goal?: FigureText['goal']): FigureText => {
    return { id: `rewrap-${id}-${name}`, title: `${title}, ${name}`, ...(goal && { goal }) }
  }
  return [
    ratio(
      text('floor', 'speed of a bare UPDATE … FROM unnest that a rotation reaches', { atLeast: 0.6 }),
      perRow('batches', ROWS),
      rotated,
    ),
    ratio(
      text('rows', 'speed of a rotation, over one UPDATE per row', { atLeast: 4 }),
      perRow('rows', ONE_BY_ONE_ROWS),
      rotated,
    ),
    figure(text('row', 'a rotation, per row'), 'µs', rotated),
  ]
}

async function updateInBatches(client: pg.Client, name: string, { ids, next }: Rewraps): Promise<void> {
  for (let row = 0; row < ROWS; row += BATCH_ROWS) {
    await client.query(
      `UPDATE ${name} SET encryption_metadata = swap.next FROM unnest($1::uuid[], $2::jsonb[]) AS swap (id, next)
        WHERE ${name}.id = swap.id`,
      [ids.slice(row, row + BATCH_ROWS), next.slice(row, row + BATCH_ROWS)],
    )
  }
}

async function updateOneByOne(client: pg.Client, name: string, { ids, next }: Rewraps): Promise<void> {
  for (let row = 0; row < ONE_BY_ONE_ROWS; row++) {
    if (row % BATCH_ROWS === 0) await client.query('BEGIN')
    await client.query(`UPDATE ${name} SET encryption_metadata = $2 WHERE id = $1`, [ids[row], next[row]])
    if (row % BATCH_ROWS === BATCH_ROWS - 1) await client.query('COMMIT')
  }
}
