import { existsSync, readFileSync } from 'node:fs'
import type pg from 'pg'
import { type Stopwatch, wallTime } from '../harness/rounds.js'

/** What the server's process of this connection spends on the CPU, where the system says so; else the time on the clock. */
export async function serverTime(client: pg.Client): Promise<Stopwatch> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const file = `/proc/${rows[0]!.pid}/schedstat`
  if (!existsSync(file)) return wallTime
  return () => Number(readFileSync(file, 'utf8').split(' ')[0]) / 1_000
}
