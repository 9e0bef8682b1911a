import type { OpenedRun } from '../../jobs/index.js'
import type { ProtectedTable } from '../../postgres/protected-table.js'
import type { Pool } from '../../postgres/queryable.js'
import type { RotationReport } from '../../rotation/index.js'
import { openRotation, type RotationSettings } from '../../rotation/rotation-run.js'
import { WakeUps } from '../../rotation/wake-ups.js'
import { watchRotation } from '../../rotation/watch.js'
import { type ConfiguredTables, chosenTables, tablesOn } from '../configured.js'
import { withPool } from '../database.js'
import { interruptible } from '../interruptible.js'
import { runLog } from '../run-log.js'
import { printJson, printLine } from '../terminal.js'

export interface DistributedOptions extends RotationSettings {
  readonly entity?: readonly string[]
  readonly detach?: true
  readonly json?: true
}

/** Begins a run for each table, all at once, and shows what the workers have come to; with `detach` it prints the runs only. */
export async function leaveToWorkers(setup: ConfiguredTables, options: DistributedOptions): Promise<RotationReport[]> {
  const { entity, detach, json = false } = options
  return interruptible((signal) =>
    withPool(setup.configuration, setup.dataSource, async (pool) => {
      const tables = chosenTables(await tablesOn(pool, setup), entity)
      const runs = await begin(pool, tables, options)
      if (detach) {
        print(runs, json)
        return []
      }
      const onEvent = runLog(json)
      const reports: RotationReport[] = []
      for (const [index, opened] of runs.entries()) {
        const table = tables[index]!
        const { state, counts, failed } = await watchRotation(pool, opened, table, { signal, onEvent })
        reports.push({ ...NOTHING, ...counts, entity: table.entity, run: opened.run.id, state, failed })
      }
      return reports
    }),
  )
}

const NOTHING = { rewrapped: 0, compared: 0, current: 0, shredded: 0, empty: 0, opened: 0, restored: 0 }

async function begin(pool: Pool, tables: readonly ProtectedTable[], settings: RotationSettings): Promise<OpenedRun[]> {
  const wakeUps = await WakeUps.connect(pool)
  try {
    const runs: OpenedRun[] = []
    for (const table of tables) {
      const opened = await openRotation(pool, table, settings)
      await wakeUps.send(opened.run.id)
      runs.push(opened)
    }
    return runs
  } finally {
    await wakeUps.close()
  }
}

function print(opened: readonly OpenedRun[], json: boolean): void {
  const runs = opened.map(({ run }) => run)
  if (json) printJson({ runs })
  else for (const { kind, table, id } of runs) printLine(`${kind} of ${table}: run ${id} is left to the workers`)
}
