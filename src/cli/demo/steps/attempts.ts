import type { Attempt, Target } from '../attempts/attempt.js'
import { codeOf, held, type Observation } from '../attempts/judge.js'
import { movedAttempts } from '../attempts/moved.js'
import { queryBuilderAttempts } from '../attempts/query-builder.js'
import { repositoryAttempts } from '../attempts/repository.js'
import { searchAttempts } from '../attempts/searches.js'
import { sqlAttempts } from '../attempts/sql.js'
import { makeTargets } from '../attempts/targets.js'
import { holds, newCanary } from '../canary.js'
import type { Cell } from '../columns.js'
import { DatabaseContents } from '../contents.js'
import type { DemoRun } from '../demo-run.js'
import { readBack } from '../read-back.js'
import { openBareStore, type Store } from '../store.js'
import type { Claim } from '../verdict.js'

export interface AttemptFacts {
  readonly attempts: readonly (Observation & { readonly held: boolean })[]
  /** The columns in which the search finds a value that was written in the open. */
  readonly control: readonly string[]
  readonly claims: readonly Claim[]
}

const ATTEMPTS: readonly Attempt[] = [
  ...repositoryAttempts,
  ...queryBuilderAttempts,
  ...sqlAttempts,
  ...movedAttempts,
  ...searchAttempts,
]

/** Tries each known way of storing plaintext, on the protected table and on its twin, and then looks everywhere. */
export async function tryAttempts(run: DemoRun, store: Store): Promise<AttemptFacts> {
  const { screen, database, expected } = run
  screen.heading('Try to store plaintext')
  screen.note(
    'Each attempt carries a canary of its own, and is made on an unencrypted twin of the table too, where nothing stops it. ' +
      'Afterwards every column of every table is searched for the canaries, as text, hex and base64.',
  )
  await store.dataSource.queryResultCache?.synchronize()
  const bare = await openBareStore(database)
  try {
    const targets = await makeTargets(database, store, bare, ATTEMPTS.length + 1)
    const trials = []
    for (const [index, attempt] of ATTEMPTS.entries()) {
      const { target, twin } = targets[index]!
      database.newLog()
      const onTarget = await trial(attempt, target)
      const log = database.newLog()
      trials.push({ attempt, onTarget, log, onTwin: await trial(attempt, twin) })
    }
    // What is not encrypted is stored, and found: without this, finding nothing would say nothing.
    const control = newCanary()
    const { target } = targets.at(-1)!
    await target.repository.update(target.row.id, { shop: control })

    const contents = await DatabaseContents.read(database)
    const attempts = trials.map(({ attempt, onTarget, log, onTwin }) => {
      const observation: Observation = {
        name: attempt.name,
        expected: attempt.stoppedBy,
        stoppedBy: onTarget.stoppedBy,
        found: contents.find(onTarget.canary),
        logged: log === undefined ? undefined : holds(log, onTarget.canary),
        twin: { stoppedBy: onTwin.stoppedBy, found: contents.find(onTwin.canary) },
      }
      return { ...observation, held: held(observation) }
    })
    const found = contents.find(control)
    const back = await readBack(store, expected)
    const columns = ['attempt', 'stopped by', 'server log', 'database', 'twin']
    screen.table(columns, attempts.map(cellsOf))
    screen.note(
      `Control: the same search of ${contents.columns.length} columns finds a canary that was written in the open, in ${found.join(', ') || 'no column'}.`,
    )
    const claims = [
      { claim: 'the search finds what is in the open', held: found.join() === 'shop_credential.shop' },
      ...attempts.map(({ name, held: isHeld }) => ({ claim: `stopped: ${name}`, held: isHeld })),
      { claim: 'every credential reads back equal after the attempts', held: back.different === 0 },
    ]
    return { attempts, control: found, claims }
  } finally {
    await bare.dataSource.destroy()
  }
}

async function trial(attempt: Attempt, target: Target): Promise<{ canary: string; stoppedBy: string | undefined }> {
  const canary = newCanary()
  try {
    await attempt.run(target, canary)
    return { canary, stoppedBy: undefined }
  } catch (error) {
    return { canary, stoppedBy: codeOf(error) }
  }
}

const STOPPERS: Readonly<Record<string, string>> = { '23505': 'unique index, 23505', '42501': 'no right to, 42501' }

function cellsOf({ name, stoppedBy, logged, found, twin, held: isHeld }: Observation & { held: boolean }): Cell[] {
  const style = isHeld ? 'green' : 'red'
  const guard = stoppedBy?.startsWith('WX') ? `guard ${stoppedBy}` : undefined
  return [
    name,
    { text: guard ?? (stoppedBy && (STOPPERS[stoppedBy] ?? stoppedBy)) ?? 'nothing', style },
    logged === undefined ? '–' : logged ? 'yes' : 'no',
    { text: found.length > 0 ? found.join(' ') : 'no', style },
    twin.found.length > 0 ? 'stored' : (twin.stoppedBy ?? 'not stored'),
  ]
}
