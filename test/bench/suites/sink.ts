import { randomUUID } from 'node:crypto'
import type { DataKeyAccess } from 'waxseal'
import { type AuditLogger, openAuditLogger, withActor } from 'waxseal/audit'
import { besideBare, insertBare, type ReadyRows, readyRows, twoDatabases } from '../database/bare-inserts.js'
import type { Figure } from '../harness/figure.js'
import { measureRounds, oneByOne, wallTime } from '../harness/rounds.js'

const EVENTS = 5_000
const ROWS_OF_STATEMENT = 1_000
const ACTOR = { actor: 'user-1', tenant: 'tenant-1', purpose: 'benchmark', requestId: 'request-1', ip: '192.0.2.1' }

/** Application events as they are stored, beside statements that store the same rows when they are ready. */
export async function sink(): Promise<Figure[]> {
  const databases = await twoDatabases()
  const { url, pool, bare } = databases
  const logger = await openAuditLogger({ connection: url, capacity: 2 * EVENTS })
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
  await databases.close()
  return besideBare(
    {
      id: 'sink-floor',
      what: 'application events reach',
      each: { id: 'sink-event', title: 'an application event, from the call to the commit, of 5,000 in a row' },
      of: EVENTS,
    },
    samples.sink!,
    samples.bare!,
  )
}

async function recorded(logger: AuditLogger, envelope: string): Promise<void> {
  const binding = { entity: 'credential', row: '7', context: { tenant: 'tenant-1' } }
  const kek = { provider: 'aws', id: 'k-7', version: '1' }
  const access: DataKeyAccess = { source: 'cache', envelope, binding, kek, end: { outcome: 'success' } }
  for (let n = 0; n < EVENTS; n++) logger.accessLog.record(access)
  await logger.flush()
}
