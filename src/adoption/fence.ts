import { assertOptions, LIST_OF_TEXT, type OptionRules, wholeNumberFrom } from '../kms/options.js'
import { sessionsOfNoProcess } from '../lifecycle/strangers.js'
import type { EncryptionMode } from '../postgres/field-adoption.js'
import type { ProtectedTable } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'

export interface AdoptionFenceOptions {
  /** At least so many processes have to be in the fleet: one that is in none is not seen. Default 1. */
  readonly processes?: number
  /** Sessions of these `application_name`s, and processes of these labels, are known not to write the table. */
  readonly ignored?: readonly string[]
}

export const FENCE_OPTIONS: OptionRules<AdoptionFenceOptions> = {
  processes: wholeNumberFrom(1),
  ignored: LIST_OF_TEXT,
}

export function assertFence(where: string, fence: AdoptionFenceOptions): void {
  assertOptions(where, fence, FENCE_OPTIONS)
}

/**
 * Who speaks against a step that needs every process at work to be in one of `modes` for the table; empty when nobody does.
 *
 * A process without waxseal registers nowhere. What can be known: how many are in the fleet, and which sessions of the
 * database belong to none of them, by role and address. One that shares both with a process of the fleet is not told apart:
 * the guard is what holds then, and refuses what it would write.
 */
export async function objectionsOf(
  client: Queryable,
  table: ProtectedTable,
  modes: readonly EncryptionMode[],
  { processes = 1, ignored = [] }: AdoptionFenceOptions = {},
): Promise<string[]> {
  const found = (await client.query(LIVE_PROCESSES, [table.entity])).rows as unknown as LiveProcess[]
  const live = found.filter(({ label }) => label === null || !ignored.includes(label))
  const strangers = await sessionsOfNoProcess(client, ignored)
  return [
    ...(live.length < processes
      ? [`expected at least ${processes} in the fleet (withEncryption({ fleet })), found ${live.length}`]
      : []),
    ...live
      .filter(({ mode }) => mode === null || !modes.includes(mode))
      .map((process) => `${nameOf(process)} is in ${process.mode ?? 'no mode'}, expected ${modes.join(' or ')}`),
    ...strangers,
  ]
}

interface LiveProcess {
  readonly id: string
  readonly label: string | null
  readonly mode: EncryptionMode | null
}

const nameOf = ({ id, label }: LiveProcess) => `process ${id}${label === null ? '' : ` ("${label}")`}`

const IS_LIVE = `(process.heartbeat_at >= clock_timestamp() - interval '15 seconds' OR EXISTS (
    SELECT FROM pg_catalog.pg_stat_activity session
    WHERE session.pid = process.backend_pid AND session.backend_start = process.backend_start))`

const LIVE_PROCESSES = `SELECT id::text, label, modes ->> $1 AS mode FROM waxseal.process WHERE ${IS_LIVE} ORDER BY id`
