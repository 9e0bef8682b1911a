import { ConfigurationError } from '../errors.js'
import type { GuardStage } from './adoption-rules.js'
import { checkColumns } from './check-columns.js'
import { compareNames } from './compare-names.js'
import { type CatalogTable, type CatalogTrigger, readCatalog } from './guard-catalog.js'
import type { GuardFinding } from './guard-finding.js'
import { GUARD_FUNCTION_BODY } from './guard-function.js'
import { parseGuardNames } from './guard-names.js'
import { type GuardTrigger, guardTriggers } from './guard-sql.js'
import { type ProtectedTable, qualifiedName } from './protected-table.js'
import type { Queryable } from './queryable.js'

export interface GuardState {
  /** Empty when everything is as it has to be. */
  readonly findings: readonly GuardFinding[]
}

/**
 * Compares a table and its guard with the declaration. Reads the catalog only. With `adoption` the guard of that stage will
 * do as well as the full one.
 */
export async function checkGuard(
  client: Queryable,
  table: ProtectedTable,
  stage: GuardStage = 'enforce',
): Promise<GuardState> {
  const catalog = await readCatalog(client, table)
  if (!catalog) {
    return { findings: [{ code: 'TABLE_MISSING', message: 'there is no such table', remedy: 'run the migrations' }] }
  }
  return {
    findings: [...checkTable(catalog), ...checkColumns(table, catalog), ...checkTriggers(table, catalog, stage)],
  }
}

/** Rejects with a `ConfigurationError` that holds every finding of `checkGuard` and what to do about it. */
export async function assertGuard(
  client: Queryable,
  table: ProtectedTable,
  stage: GuardStage = 'enforce',
): Promise<void> {
  refuse(table, (await checkGuard(client, table, stage)).findings)
}

/**
 * Rejects where the guard holds other logical names than the declaration. To be asked before a guard is replaced by
 * itself, as in development: it is the only record of the names that stored ciphertexts are bound to. Says whether there is
 * such a table.
 */
export async function assertStoredNames(client: Queryable, table: ProtectedTable): Promise<boolean> {
  const { findings } = await checkGuard(client, table)
  refuse(
    table,
    findings.filter(({ code }) => code === 'GUARD_OTHER_NAMES'),
  )
  return findings.every(({ code }) => code !== 'TABLE_MISSING')
}

function refuse(table: ProtectedTable, findings: readonly GuardFinding[]): void {
  if (findings.length === 0) return
  const lines = findings.map(({ code, message, remedy }) => `${code}: ${message}; ${remedy}`)
  throw new ConfigurationError(`table ${qualifiedName(table)}: ${lines.join('\n')}`)
}

const ENFORCE = 'finish the adoption with "waxseal adopt enforce", or set the mode to adopt-write until then'
const INSTALL = 'call addEncryptionGuard in a migration, or run what "waxseal guard sql" prints'

function checkTable({ ordinary, hasEnvelopeIndex, hasSetIndex }: CatalogTable): GuardFinding[] {
  const findings: GuardFinding[] = []
  if (!ordinary) {
    findings.push({
      code: 'TABLE_NOT_ORDINARY',
      message: 'it is partitioned, a partition, has children or is no table, and the guard would not see every write',
      remedy: 'keep credentials in an ordinary table',
    })
  }
  if (!hasEnvelopeIndex) {
    const message = 'there is no valid unique index on the envelope id, so that one envelope can stand in two rows'
    findings.push({ code: 'GUARD_INDEX_MISSING', message, remedy: INSTALL })
  }
  if (!hasSetIndex) {
    const message = 'there is no valid index on the KEKs and the primary key, by which a rotation finds its rows'
    findings.push({ code: 'GUARD_SET_INDEX_MISSING', message, remedy: INSTALL })
  }
  return findings
}

function checkTriggers(table: ProtectedTable, catalog: CatalogTable, stage: GuardStage): GuardFinding[] {
  const findings: GuardFinding[] = []
  const isOfAdoption = [...catalog.triggers.values()].some(({ args }) => args[3] === ('adoption' satisfies GuardStage))
  const isUnfinished = isOfAdoption && stage === 'enforce'
  if (isUnfinished) {
    const message = 'the guard is that of an adoption, under which rows without an envelope hold plaintext'
    findings.push({ code: 'GUARD_OF_ADOPTION', message, remedy: ENFORCE })
  }
  const expected = guardTriggers(table, isOfAdoption ? 'adoption' : 'enforce')
  const found = expected.flatMap((trigger) => {
    const stored = catalog.triggers.get(trigger.name)
    return stored ? [{ trigger, stored }] : []
  })

  const missing = expected.filter(({ name }) => !catalog.triggers.has(name))
  if (missing.length > 0) {
    const message = found.length === 0 ? 'it has no guard' : `the guard lacks ${list(missing)}`
    findings.push({ code: 'GUARD_MISSING', message, remedy: INSTALL })
  }

  const asleep = found.filter(({ stored }) => !stored.always).map(({ stored }) => stored)
  if (asleep.length > 0) {
    findings.push({
      code: 'GUARD_NOT_ALWAYS',
      message: `not ENABLE ALWAYS, as pg_restore --disable-triggers leaves it: ${list(asleep)}`,
      remedy: `${INSTALL}, then count the rows that are not encrypted with "waxseal doctor"`,
    })
  }

  const stored = found.map((each) => parseGuardNames(each.stored.args[2] ?? '')).find((names) => names !== undefined)
  const others = stored ? compareNames(stored, table, catalog) : []
  findings.push(...others)

  const outdated = found.filter((each) => !isUpToDate(each.trigger, each.stored)).map((each) => each.stored)
  // Not with other names: installing again would replace the only record of the stored ones.
  if (outdated.length > 0 && others.length === 0 && !isUnfinished) {
    const message = `not what this version would install for this declaration: ${list(outdated)}`
    findings.push({ code: 'GUARD_OUTDATED', message, remedy: INSTALL })
  }
  return findings
}

/** `AFTER … FOR EACH ROW`, as Postgres counts it. */
const TYPES = { insert: 5, update: 17 }

function isUpToDate({ event, args }: GuardTrigger, stored: CatalogTrigger): boolean {
  return (
    stored.type === TYPES[event] &&
    !stored.narrowed &&
    stored.body === GUARD_FUNCTION_BODY &&
    stored.args.length === args.length &&
    stored.args.every((arg, index) => arg === args[index])
  )
}

function list(triggers: readonly { readonly name: string }[]): string {
  return triggers.map(({ name }) => name).join(', ')
}
