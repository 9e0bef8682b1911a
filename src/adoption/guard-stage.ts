import { ConfigurationError } from '../errors.js'
import type { GuardStage } from '../postgres/adoption-rules.js'
import { readCatalog } from '../postgres/guard-catalog.js'
import { checkGuard } from '../postgres/guard-check.js'
import { type ProtectedTable, qualifiedName } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'

/** Whether the table has a whole guard, and that of this stage. */
export async function isGuardedFor(client: Queryable, table: ProtectedTable, stage: GuardStage): Promise<boolean> {
  const { findings } = await checkGuard(client, table, stage)
  if (findings.length > 0) return false
  const catalog = await readCatalog(client, table)
  const triggers = [...(catalog?.triggers.values() ?? [])].filter(({ name }) => name.startsWith('waxseal_'))
  return triggers.every(({ args }) => args[3] === stage)
}

/** The installed guard may be the only record of the names that stored envelopes are bound to. */
export async function refuseOtherNames(client: Queryable, table: ProtectedTable): Promise<void> {
  const { findings } = await checkGuard(client, table, 'adoption')
  const other = findings.find(({ code }) => code === 'GUARD_OTHER_NAMES')
  if (other) throw new ConfigurationError(`table ${qualifiedName(table)}: ${other.message}; ${other.remedy}`)
}
