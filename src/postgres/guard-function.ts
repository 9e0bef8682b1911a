import { doBlock } from './do-block.js'
import type { GuardCode } from './guard-rules.js'
import { type ProtectedTable, quoteIdentifier, quoteLiteral } from './protected-table.js'

/** What each rule refuses, and what to do about it. Errors of the database show it. */
const MESSAGES: Record<GuardCode, string> = {
  WX001: 'a field is not ciphertext of format 1; write it through waxseal',
  WX002: 'a field and the encryption metadata belong to different data keys; load the row again and retry',
  WX003: 'the primary key or a context column changed under an envelope that is bound to it; use updateEncrypted',
  WX004: 'the envelope of the row was changed by somebody else; load the row again and retry',
  WX005: 'the encryption metadata is not of format 1; leave the column to waxseal',
  WX006:
    'a column that is being adopted was written without its encrypted column; write it through waxseal, in the mode of this stage',
}

const cases = Object.entries(MESSAGES).map(([code, text]) => `WHEN '${code}' THEN ${quoteLiteral(text)}`)

/**
 * It only raises: the rules stand in the triggers' conditions, which is an order of magnitude faster. No value of the row
 * reaches the message, and neither DETAIL nor HINT is set.
 */
export const GUARD_FUNCTION_BODY = `
BEGIN
  RAISE EXCEPTION USING
    ERRCODE = TG_ARGV[0],
    MESSAGE = format('waxseal %s: %s, table %I.%I', TG_ARGV[0],
      CASE TG_ARGV[0]
        ${cases.join('\n        ')}
      END, TG_TABLE_SCHEMA, TG_TABLE_NAME),
    SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
END
`

/** One function for all guarded tables of a schema, next to them so that a dump of the schema is complete. */
export function guardFunctionName({ schema }: ProtectedTable): string {
  return `${quoteIdentifier(schema)}.waxseal_refuse`
}

export function createGuardFunction(table: ProtectedTable): string {
  return `CREATE OR REPLACE FUNCTION ${guardFunctionName(table)}() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $waxseal$${GUARD_FUNCTION_BODY}$waxseal$`
}

/** Leaves the function to the other guarded tables of the schema. */
export function dropUnusedGuardFunction(table: ProtectedTable): string {
  const name = guardFunctionName(table)
  return doBlock(`BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgfoid = to_regprocedure(${quoteLiteral(`${name}()`)})) THEN
    DROP FUNCTION IF EXISTS ${name}();
  END IF;
END`)
}
