import 'reflect-metadata'
import type { CredentialSet } from './credential.js'
import type { DemoRun } from './demo-run.js'
import { openExistingDatabase } from './existing-database.js'
import { generateKeys } from './keys.js'
import type { Screen } from './screen.js'
import { accountForUses } from './steps/account.js'
import { adopt } from './steps/adopt.js'
import { tryAttempts } from './steps/attempts.js'
import { load } from './steps/load.js'
import { measureOperations } from './steps/measure.js'
import { migrate } from './steps/migrate.js'
import { rotateKeys } from './steps/rotate.js'
import { showRow } from './steps/show-row.js'
import { shredTenant } from './steps/shred.js'
import { update } from './steps/update.js'
import { openStore } from './store.js'
import { openTemporaryDatabase } from './temporary-database.js'
import { counted, duration } from './text.js'
import { type Verdict, verdictOf } from './verdict.js'

export interface DemoResult extends Verdict {
  /** Everything that was found out, without secrets: the document of `--json`. */
  readonly facts: Readonly<Record<string, unknown>>
}

/** The whole story, from an empty database to the verdict. Leaves nothing behind, however it ends. */
export async function runDemo(
  set: CredentialSet,
  databaseUrl: string | undefined,
  screen: Screen,
): Promise<DemoResult> {
  const started = performance.now()
  screen.title('waxseal: credentials in Postgres, each under a data key of its own')
  const database = await (databaseUrl === undefined ? openTemporaryDatabase() : openExistingDatabase(databaseUrl))
  try {
    const run: DemoRun = { screen, database, keys: generateKeys(), set, expected: new Map() }
    const facts = await runSteps(run)
    const verdict = verdictOf(Object.values(facts).flatMap((step) => ('claims' in step ? step.claims : [])))
    const ms = performance.now() - started
    const { attempts } = facts.attempts
    screen.result(
      verdict.held,
      verdict.held
        ? `everything held: ${counted(set.credentials.length, 'credential')}, ${attempts.length} attempts stopped, no ciphertext moved (${duration(ms)})`
        : `did not hold: ${verdict.broken.join('; ')} (${duration(ms)})`,
    )
    return { ...verdict, facts: { postgres: database.version, temporary: database.isTemporary, ...facts, ms } }
  } finally {
    await database.close()
  }
}

async function runSteps(run: DemoRun) {
  const { database, keys } = run
  const before = await openStore(database, keys.before)
  const early = await untilDestroyed(before, async () => ({
    migrate: await migrate(run, before),
    load: await load(run, before),
    row: await showRow(run, before),
    update: await update(run, before),
    rotate: await rotateKeys(run, before),
  }))
  const after = await openStore(database, keys.after)
  return untilDestroyed(after, async () => ({
    ...early,
    attempts: await tryAttempts(run, after),
    measure: await measureOperations(run, after, early),
    shred: await shredTenant(run, after),
    adopt: await adopt(run),
    account: await accountForUses(run),
  }))
}

async function untilDestroyed<T>(
  { dataSource }: Awaited<ReturnType<typeof openStore>>,
  use: () => Promise<T>,
): Promise<T> {
  try {
    return await use()
  } finally {
    await dataSource.destroy()
  }
}
