import { randomUUID } from 'node:crypto'
import pg from 'pg'
import type { DataKeyAccess } from 'waxseal'
import { type AuditLogger, openAuditLogger, withActor } from 'waxseal/audit'
import { installSchema } from 'waxseal/lifecycle'
import { startTemporaryPostgres } from 'waxseal/testing'
import { bareDatabase, insertBare, type ReadyRows, readyRows } from '../database/bare-inserts.js'
import { type Figure, figure, ratio } from '../harness/figure.js'
import { measureRounds, oneByOne, wallTime } from '../harness/rounds.js'

const EVENTS = 5_000
const ROWS_OF_STATEMENT = 1_000
const ACTOR = { actor: 'user-1', tenant: 'tenant-1', purpose: 'benchmark', requestId: 'request-1', ip: '192.0.2.1' }

/** Application events as they are stored, beside statements that store the same rows when they are ready. */
export async function sink(): Promise<Figure[]> {
  const postgres = await startTemporaryPostgres()
  const pool = new pg.Pool({ connectionString: postgres.url, idleTimeoutMillis: 0 })
  pool.on('error', () => undefined)
  const client = await pool.connect()
  await installSchema(client)
  client.release()
  const bare = await bareDatabase(pool, postgres.url)
  const logger = await openAuditLogger({ connection: postgres.url, capacity: 2 * EVENTS })
  let envelope = randomUUID()
  let rows: ReadyRows | undefined
  const record = () => withActor(ACTOR, () => recorded(logger, envelope))
  // What is inserted bare is one round behind.
  await record()
  const samples = await measureRounds(
    [
      { name: 'sink', run: oneByOne(record) },
      { name: 'bare', run: oneByOne(() => insertBare(bare, rows!, ROWS_OF_STATEMENT)) },
    ],
    {
      ...{ rounds: 25, sliceMs: 1, warmUpRounds: 5, stopwatch: wallTime },
      async beforeSlice(name) {
        if (name === 'bare') rows = await readyRows(pool, 'application_event', `envelope = '${envelope}'`)
        else envelope = randomUUID()
      },
    },
  )
  await logger.close()
  await bare.end()
  await pool.end()
  await postgres.stop()
  const text = { id: 'sink-floor', title: 'speed of a bare INSERT … FROM unnest that application events reach' }
  return [
    ratio({ ...text, goal: { atLeast: 0.8 } }, samples.bare!, samples.sink!),
    figure(
      { id: 'sink-event', title: 'an application event, from the call to the commit, of 5,000 in a row' },
      'µs',
      samples.sink!.map((us) => us / EVENTS),
    ),
  ]
}

async function recorded(logger: AuditLogger, envelope: string): Promise<void> {
  const binding = { entity: 'credential', row: '7', context: { tenant: 'tenant-1' } }
  const kek = { provider: 'aws', id: 'k-7', version: '1' }
  const access: DataKeyAccess = { source: 'cache', envelope, binding, kek, end: { outcome: 'success' } }
  for (let n = 0; n < EVENTS; n++) logger.accessLog.record(access)
  await logger.flush()
}
