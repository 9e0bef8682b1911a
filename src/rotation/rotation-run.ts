import { listRuns, type OpenedRun, openRun, type Run } from '../jobs/index.js'
import { assertSchema } from '../lifecycle/index.js'
import { assertSetIndex } from '../postgres/assert-set-index.js'
import type { ProtectedTable } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'

/** What all who work on a run have to have the same: written down with it. */
export interface RotationSettings {
  readonly verify: 'each' | 'sample'
  /** Calls a second to a KEK. */
  readonly rate?: number | undefined
}

const KIND = 'rotate'

export function described(table: ProtectedTable, { verify, rate }: RotationSettings) {
  return { kind: KIND, table, options: { verify, ...(rate !== undefined && { rate }) } }
}

/** Begins the rotation of a table, or finds the one that is open, and does none of its work. */
export async function openRotation(
  client: Queryable,
  table: ProtectedTable,
  settings: RotationSettings,
): Promise<OpenedRun> {
  await assertSchema(client)
  await assertSetIndex(client, table)
  return openRun(client, described(table, settings))
}

/** Those that are to be worked on, the oldest first. */
export async function runningRotations(client: Queryable): Promise<Run[]> {
  return (await listRuns(client, 0)).filter(({ kind, state }) => kind === KIND && state === 'running')
}

export function settingsOf({ options }: Run): RotationSettings {
  const { verify, rate } = options as unknown as RotationSettings
  return { verify, rate }
}
