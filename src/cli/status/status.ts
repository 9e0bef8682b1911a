import type { EnvelopeCipher } from '../../envelope/envelope-cipher.js'
import { isWaxsealError } from '../../errors.js'
import { listRuns, type Run, type RunReport, readReport } from '../../jobs/index.js'
import { type ProcessState, readFleet } from '../../lifecycle/index.js'
import { estimateRows } from '../../postgres/estimate-rows.js'
import { listKekSets } from '../../postgres/kek-sets.js'
import { type ProtectedTable, qualifiedName } from '../../postgres/protected-table.js'
import type { Queryable } from '../../postgres/queryable.js'
import { type Due, dueOf } from '../../rotation/schedule.js'
import { type Staleness, staleSets } from '../../rotation/stale-sets.js'

export interface TableStatus extends Due {
  readonly entity: string
  readonly table: string
  /** Of any kind: those that are open, and ended ones whose old wraps are still kept. */
  readonly runs: readonly (Run & RunReport)[]
  /** By the planner's statistics; null where a KMS did not say what is current. */
  readonly staleRows: number | null
}

export interface Status {
  readonly tables: readonly TableStatus[]
  readonly processes: readonly Pick<ProcessState, 'label' | 'isLive' | 'isConnected' | 'keks'>[]
}

interface Scope extends Omit<Staleness, 'table'> {
  readonly cipher: EnvelopeCipher
  readonly tables: readonly ProtectedTable[]
  readonly everySeconds: number | undefined
}

export async function readStatus(client: Queryable, scope: Scope): Promise<Status> {
  const { tables, everySeconds, cipher, kekPerContext } = scope
  const unfinished: (Run & RunReport)[] = []
  for (const run of await listRuns(client)) {
    const report = await readReport(client, run.id)
    if (run.finishedAt === null || report.journal) unfinished.push({ ...run, ...report })
  }
  const found: TableStatus[] = []
  for (const table of tables) {
    found.push({
      ...{ entity: table.entity, table: qualifiedName(table), ...(await dueOf(client, table, everySeconds)) },
      staleRows: await staleRowsOf(client, { table, cipher, kekPerContext }),
      runs: unfinished.filter((run) => run.table === qualifiedName(table)),
    })
  }
  const processes = (await readFleet(client, '-infinity')).map(({ label, isLive, isConnected, keks }) => {
    return { label, isLive, isConnected, keks }
  })
  return { tables: found, processes }
}

async function staleRowsOf(client: Queryable, staleness: Staleness): Promise<number | null> {
  try {
    const sets = await staleSets(await listKekSets(client, staleness.table), staleness)
    return await estimateRows(
      client,
      staleness.table,
      sets.map(({ hash }) => hash),
    )
  } catch (error) {
    // When a rotation is due is to be told while the KMS is away, too.
    if (isWaxsealError(error) && error.code.startsWith('ERR_K')) return null
    throw error
  }
}
