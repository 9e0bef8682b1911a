import { setTimeout as sleep } from 'node:timers/promises'
import { type OpenedRun, type RunEvent, type RunReport, type RunState, readReport, readRun } from '../jobs/index.js'
import { estimateRows } from '../postgres/estimate-rows.js'
import type { ProtectedTable } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'

const POLL_MS = 1_000

export interface Watched extends RunReport {
  readonly state: RunState
}

/** Tells what all who work on a run have come to, until it has ended and is verified, or was paused. Does none of the work. */
export async function watchRotation(
  client: Queryable,
  { run, resumed }: OpenedRun,
  table: ProtectedTable,
  { signal, onEvent }: { readonly signal: AbortSignal; readonly onEvent: (event: RunEvent) => void },
): Promise<Watched> {
  onEvent({ type: 'started', run, resumed })
  let [pass, told] = [0, 0]
  for (;;) {
    const now = (await readRun(client, run.id))!
    const report = await readReport(client, run.id)
    if (now.pass > pass) {
      pass = now.pass
      const { rows } = await client.query('SELECT set_hash::text AS hash FROM waxseal.run_set WHERE run = $1', [run.id])
      const hashes = rows.map(({ hash }) => hash as string)
      const estimatedRows = await estimateRows(client, table, hashes)
      onEvent({ type: 'pass', pass, sets: hashes.length, estimatedRows })
    }
    const rows = handled(report) - told
    told += rows
    const { counts } = report
    if (rows > 0) onEvent({ type: 'batch', rows, outcome: { counts, moved: 0, lost: 0, failures: [] } })
    const isOver = now.state === 'paused' || (now.state !== 'running' && !report.journal)
    if (isOver || signal.aborted) {
      onEvent({ type: 'ended', state: now.state })
      return { state: now.state, ...report }
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined)
  }
}

/** A row that was rewrapped was compared as well. */
function handled({ counts, failed }: RunReport): number {
  const { rewrapped = 0, current = 0, shredded = 0, empty = 0 } = counts
  return rewrapped + current + shredded + empty + failed
}
