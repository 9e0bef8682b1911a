import pg from 'pg'
import { startTemporaryPostgres } from 'waxseal/testing'
import { createGuardedTables, type GuardedTable } from '../database/guarded-tables.js'
import { serverTime } from '../database/server-time.js'
import { added, type Figure } from '../harness/figure.js'
import { type Case, measureRounds, oneByOne } from '../harness/rounds.js'

const ROWS = 100_000
const STATEMENTS: Readonly<Record<string, string>> = {
  rewrap: `SET encryption_metadata = jsonb_set(encryption_metadata, '{wrap}',
    to_jsonb((encryption_metadata ->> 'wrap')::integer + 1))`,
  other: 'SET used = used + 1',
}

/** What the guard costs the server: one statement over 100,000 rows, on the same table with and without its triggers. */
export async function guard(): Promise<Figure[]> {
  const postgres = await startTemporaryPostgres()
  const client = new pg.Client({ connectionString: postgres.url })
  await client.connect()
  await createGuardedTables(client, ROWS)
  const update = (statement: string, table: GuardedTable): Case => ({
    name: `${statement} ${table}`,
    run: oneByOne(() => client.query(`UPDATE ${table} ${STATEMENTS[statement]}`)),
  })
  const cases = [
    ...(['guarded', 'indexed', 'bare'] as const).map((table) => update('rewrap', table)),
    ...(['guarded', 'indexed'] as const).map((table) => update('other', table)),
  ]
  const samples = await measureRounds(cases, {
    rounds: 9,
    sliceMs: 1,
    warmUpRounds: 1,
    stopwatch: await serverTime(client),
    // Removes what the statement before left behind.
    beforeSlice: async (name) => void (await client.query(`VACUUM ${name.split(' ')[1]}`)),
  })
  await client.end()
  await postgres.stop()
  const of = (name: string) => samples[name]!
  const rules = (statement: string) => [of(`${statement} guarded`), of(`${statement} indexed`), ROWS] as const
  return [
    added(
      { id: 'guard-rewrap', title: "the guard's rules, one rewrapped row", goal: { atMost: 6 } },
      ...rules('rewrap'),
    ),
    added(
      { id: 'guard-other', title: "the guard's rules, one update of another column", goal: { atMost: 3 } },
      ...rules('other'),
    ),
    added(
      { id: 'guard-index', title: 'the unique index on the envelope id, one rewrapped row' },
      ...([of('rewrap indexed'), of('rewrap bare'), ROWS] as const),
    ),
  ]
}
