import type { DataSource } from 'typeorm'
import type { EnvelopeCipher } from '../envelope/envelope-cipher.js'
import { type FleetMember, joinFleet } from '../lifecycle/index.js'
import { assertSchema } from '../lifecycle/schema.js'
import { connectionOptionsOf } from '../postgres/connection-options.js'
import type { EncryptionOptions } from './encryption-options.js'
import { MODES, modeOf } from './mode.js'
import { protectedTablesOf } from './protected-tables.js'

/**
 * Whether the process is written down in `waxseal.process` while the DataSource is initialised. `auto`: when the schema
 * `waxseal` is installed, and whatever fails there is no failure of the application. `require`: the schema has to be there, and
 * new envelopes are refused while the process could not be written down. `off`: never.
 */
export type FleetMode = 'auto' | 'require' | 'off'

const SHORTEST_HOLD_MS = 60_000

/** Joins the fleet with a connection of its own, as the DataSource's pool connects. Undefined where it is not to. */
export async function joinFleetOf(
  dataSource: DataSource,
  cipher: EnvelopeCipher,
  { fleet = 'auto', mode = 'enforce', timeoutMs = 0, clock }: EncryptionOptions,
): Promise<FleetMember | undefined> {
  if (fleet === 'off') return undefined
  const required = fleet === 'require'
  if (required) await assertSchema({ query: async (text, values) => ({ rows: await dataSource.query(text, values) }) })
  else if (!(await hasFleet(dataSource))) return undefined
  const { applicationName: label } = dataSource.options as { readonly applicationName?: string }
  const modes = Object.fromEntries(
    protectedTablesOf(dataSource).map(({ entity, fields }) => [entity, modeOf(MODES[mode], fields).name]),
  )
  return joinFleet({
    ...{ cipher, required, modes },
    connection: connectionOptionsOf(dataSource.options as unknown as Readonly<Record<string, unknown>>),
    // Twice: envelopes of the first rows of an operation wait for those of the last, and then all are sent.
    holdMs: Math.max(SHORTEST_HOLD_MS, 2 * timeoutMs),
    ...(label && { label }),
    ...(clock && { clock }),
  })
}

async function hasFleet(dataSource: DataSource): Promise<boolean> {
  try {
    const rows = await dataSource.query("SELECT pg_catalog.to_regclass('waxseal.process') IS NOT NULL AS found")
    return rows[0]?.found === true
  } catch {
    return false
  }
}
