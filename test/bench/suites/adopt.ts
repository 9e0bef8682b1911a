import pg from 'pg'
import { EnvelopeCipher } from 'waxseal'
import { runAdoption } from 'waxseal/adoption'
import { installSchema, joinFleet } from 'waxseal/lifecycle'
import { startTemporaryPostgres } from 'waxseal/testing'
import { adoptedTable, createAdoptedTable, type Envelopes, envelopesOf } from '../database/adopted-table.js'
import { restore } from '../database/rewrapped-table.js'
import { type Figure, figure, ratio } from '../harness/figure.js'
import { measureRounds, oneByOne, wallTime } from '../harness/rounds.js'
import { localProvider } from './credential.js'

const ROWS = 10_000
const BATCH_ROWS = 1_000
const NAME = 'adopted'

/** An adoption beside its column under a local KEK, beside the statement without which none can be. */
export async function adopt(): Promise<Figure[]> {
  const postgres = await startTemporaryPostgres()
  const client = new pg.Client({ connectionString: postgres.url })
  const pool = new pg.Pool({ connectionString: postgres.url, max: 4, idleTimeoutMillis: 0 })
  // It ends while the last of them close.
  pool.on('error', () => undefined)
  await client.connect()
  await installSchema(client)
  // The user has the name of our schema, which therefore would be searched first.
  await client.query('SET search_path = public')
  const cipher = new EnvelopeCipher({ provider: localProvider(), cache: false })
  const table = adoptedTable(NAME)
  const modes = { [table.entity]: 'adopt-write' }
  const member = await joinFleet({ cipher, connection: postgres.url, modes, required: true })
  await createAdoptedTable(client, NAME, ROWS)
  const adopted = async () => {
    const { objections, counts } = await runAdoption(table, { cipher, pool, batchRows: BATCH_ROWS })
    if (counts.encrypted === ROWS) return
    throw new RangeError(`encrypted ${counts.encrypted} rows of ${ROWS}; ${objections.join('; ')}`)
  }
  await adopted()
  const envelopes = await envelopesOf(client, NAME)
  const samples = await measureRounds(
    [
      { name: 'adopt', run: oneByOne(adopted) },
      { name: 'batches', run: oneByOne(() => updateInBatches(client, envelopes)) },
    ],
    { rounds: 5, sliceMs: 1, warmUpRounds: 1, stopwatch: wallTime, beforeSlice: () => restore(client, NAME) },
  )
  await member.leave()
  await pool.end()
  await client.end()
  await postgres.stop()
  const perRow = (way: string) => samples[way]!.map((time) => time / ROWS)
  const floor = { id: 'adopt-floor', title: 'speed of a bare UPDATE … FROM unnest that an adoption reaches' }
  return [
    ratio(floor, perRow('batches'), perRow('adopt')),
    figure({ id: 'adopt-row', title: 'an adoption, per row' }, 'µs', perRow('adopt')),
    figure({ id: 'adopt-bare-row', title: 'the bare UPDATE … FROM unnest, per row' }, 'µs', perRow('batches')),
  ]
}

async function updateInBatches(client: pg.Client, { ids, metadata, fields }: Envelopes): Promise<void> {
  for (let row = 0; row < ROWS; row += BATCH_ROWS) {
    await client.query(
      `UPDATE ${NAME} SET encryption_metadata = change.metadata, password_encrypted = change.field
        FROM unnest($1::uuid[], $2::jsonb[], $3::text[]) AS change (id, metadata, field) WHERE ${NAME}.id = change.id`,
      [ids, metadata, fields].map((column) => column.slice(row, row + BATCH_ROWS)),
    )
  }
}
