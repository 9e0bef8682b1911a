import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Run, runNode } from '../setup/cli.js'
import { type FreshDatabase, freshDatabase, readColumns, serverLog } from '../setup/database.js'
import type { Place } from '../setup/traces.js'
import { transpile } from '../setup/transpile.js'
import { type Canary, readCanaries } from './canaries.js'
import type { Order } from './session/main.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

export interface Session {
  readonly run: Run
  readonly places: readonly Place[]
  readonly canaries: readonly Canary[]
}

/** Runs all scenarios under all surfaces in a process of its own, with the TypeORM of that name. */
export async function runSession(
  typeorm: string,
  over: Order['over'] = 'memory',
  environment: Readonly<Record<string, string>> = {},
): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'waxseal-session-'))
  const program = transpile(root, 'test/leaks/session/main.ts', { typeorm })
  const database: FreshDatabase = await freshDatabase()
  // Then Postgres puts the parameters of a statement that fails into its error as well.
  const name = new URL(database.url).pathname.slice(1)
  await database.client.query(`alter database ${name} set log_parameter_max_length_on_error = -1`)
  const logged = serverLog().length
  try {
    const order: Order = { url: database.url, folder, over }
    const env = { DEBUG: 'typeorm:*', ...environment }
    // Where the SDKs are: servers of the clouds look for them from there.
    const run = await runNode([program.file], { cwd: root, stdin: JSON.stringify(order), env })
    if (run.status !== 0)
      throw new Error(`the session failed:\n${run.stdout.slice(-2_000)}\n${run.stderr.slice(-4_000)}`)
    const places = [
      ...(JSON.parse(readFileSync(join(folder, 'places.json'), 'utf8')) as Place[]),
      { where: 'stdout', text: run.stdout },
      { where: 'stderr', text: run.stderr },
      { where: 'server log', text: serverLog().slice(logged) },
      ...(await readColumns(database.client)),
    ]
    return { run, places, canaries: readCanaries(join(folder, 'canaries.jsonl')) }
  } finally {
    await database.drop()
    program.remove()
    rmSync(folder, { recursive: true })
  }
}
