import { createHash } from 'node:crypto'
import { type GuardStage, rulesOf } from './adoption-rules.js'
import { doBlock } from './do-block.js'
import { ENVELOPE_INDEX } from './envelope-index.js'
import { IS_ORDINARY } from './guard-catalog.js'
import {
  createGuardFunction,
  dropUnusedGuardFunction,
  GUARD_FUNCTION_BODY,
  guardFunctionName,
} from './guard-function.js'
import { createIndex, dropIndex } from './guard-index.js'
import { guardNamesOf, printGuardNames } from './guard-names.js'
import type { GuardCode, GuardEvent, GuardRule } from './guard-rules.js'
import { type ProtectedTable, qualifiedName, quoteLiteral } from './protected-table.js'
import { SET_INDEX } from './set-index.js'

export interface GuardTrigger {
  readonly name: string
  readonly event: GuardEvent
  /** Code, fingerprint, logical names, and what the table is guarded for. */
  readonly args: readonly [code: GuardCode, fingerprint: string, names: string, stage: GuardStage]
  readonly refused: string
}

export interface GuardSql {
  /** Idempotent, and without a moment in which a rule does not hold. Best run in one transaction. */
  readonly install: readonly string[]
  /** Leaves nothing behind. */
  readonly remove: readonly string[]
}

/**
 * The statements of the guard, which refuses in the database what did not pass through the library. `AFTER` triggers see
 * the row as it is stored, whatever other triggers made of it. No `UPDATE OF`: that looks at the columns named in the
 * statement, and a `BEFORE` trigger changes others. `ENABLE ALWAYS`: they also fire for replicated rows.
 */
export function guardSql(table: ProtectedTable, stage: GuardStage = 'enforce'): GuardSql {
  const name = qualifiedName(table)
  const triggers = guardTriggers(table, stage)
  const drop = (trigger: string) => `DROP TRIGGER IF EXISTS ${trigger} ON ${name}`
  const others = SOURCE_TRIGGERS.filter((trigger) => !triggers.some((each) => each.name === trigger))
  return {
    install: [
      refuseOtherRelations(table),
      createGuardFunction(table),
      ...triggers.map((trigger) => createTrigger(table, trigger)),
      ...others.map(drop),
      `ALTER TABLE ${name} ${triggers.map((trigger) => `ENABLE ALWAYS TRIGGER ${trigger.name}`).join(', ')}`,
      createIndex(ENVELOPE_INDEX, table),
      createIndex(SET_INDEX, table),
    ],
    remove: [
      ...[...triggers.map((trigger) => trigger.name), ...others].map(drop),
      dropIndex(ENVELOPE_INDEX, table),
      dropIndex(SET_INDEX, table),
      dropUnusedGuardFunction(table),
    ],
  }
}

/**
 * The triggers that belong on the table, with a fingerprint of everything that they are made of. Those for the columns of
 * an adoption have one of their own: the others are the same before and after the declaration of the adoption is removed.
 */
export function guardTriggers(table: ProtectedTable, stage: GuardStage = 'enforce'): readonly GuardTrigger[] {
  const names = printGuardNames(guardNamesOf(table))
  const triggersOf = (rules: readonly GuardRule[]) => {
    const fingerprint = createHash('sha256')
      .update(JSON.stringify([GUARD_FUNCTION_BODY, rules, names]))
      .digest('hex')
      .slice(0, 16)
    return rules.map(({ code, event, refused }): GuardTrigger => {
      return { name: triggerName(code, event), event, args: [code, fingerprint, names, stage], refused }
    })
  }
  return rulesOf(table, stage).flatMap(triggersOf)
}

/** Removed from a table that has no such columns any more. */
const SOURCE_TRIGGERS = [triggerName('WX006', 'insert'), triggerName('WX006', 'update')]

/** Triggers fire in the order of their names: the lowest code that applies is the one that is reported. */
function triggerName(code: GuardCode, event: GuardEvent): string {
  return `waxseal_${code.toLowerCase()}_${event}`
}

function createTrigger(table: ProtectedTable, { name, event, args, refused }: GuardTrigger): string {
  return `CREATE OR REPLACE TRIGGER ${name} AFTER ${event.toUpperCase()} ON ${qualifiedName(table)} FOR EACH ROW
WHEN (${refused})
EXECUTE FUNCTION ${guardFunctionName(table)}(${args.map(quoteLiteral).join(', ')})`
}

function refuseOtherRelations(table: ProtectedTable): string {
  const name = quoteLiteral(qualifiedName(table))
  // One installation at a time: two that replace the function of a schema would fail with "tuple concurrently updated".
  return doBlock(`BEGIN
  PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('waxseal guard'));
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = ${name}::regclass AND ${IS_ORDINARY}) THEN
    RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
      MESSAGE = format('waxseal: %s is partitioned, a partition, has children or is no table; the guard needs an ordinary '
        'table, since an update that moves a row between partitions fires no UPDATE trigger', ${name});
  END IF;
END`)
}
