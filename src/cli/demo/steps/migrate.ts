import { checkGuard } from '../../../postgres/guard-check.js'
import { protectedTableOf, queryableOf } from '../../../typeorm/index.js'
import type { DemoRun } from '../demo-run.js'
import { ShopCredential } from '../entities.js'
import type { Store } from '../store.js'
import type { Claim } from '../verdict.js'

export interface MigrateFacts {
  readonly migrations: readonly string[]
  readonly triggers: number
  readonly claims: readonly Claim[]
}

/** Runs the migrations as a deployment does, and asks the database whether the guard is whole. */
export async function migrate({ screen, database }: DemoRun, { dataSource }: Store): Promise<MigrateFacts> {
  const where = database.isTemporary ? 'in a temporary folder' : `in a schema of its own, ${database.schema}`
  screen.heading(`Postgres ${database.version} ${where}: migrate`)
  const migrations = (await dataSource.runMigrations()).map(({ name }) => name)
  const runner = dataSource.createQueryRunner()
  try {
    const table = protectedTableOf(dataSource, ShopCredential)
    const { findings } = await checkGuard(queryableOf(runner), table)
    const [{ triggers }] = await runner.query(ALWAYS_ON, [`${database.schema}.${table.table}`])
    const [first, second] = migrations
    screen.line(`${first}   the table, and its guard: ${triggers} triggers ENABLE ALWAYS`)
    screen.line(`${second}        the same columns without encryption, to compare with`)
    const claims = [{ claim: 'the migration installed the whole guard', held: findings.length === 0 && triggers > 0 }]
    return { migrations, triggers, claims }
  } finally {
    await runner.release()
  }
}

const ALWAYS_ON = `SELECT count(*)::int AS triggers FROM pg_trigger
  WHERE tgrelid = $1::regclass AND tgenabled = 'A' AND NOT tgisinternal`
