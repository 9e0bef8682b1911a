import { doBlock } from './do-block.js'
import { type ProtectedTable, qualifiedName, quoteLiteral } from './protected-table.js'

const PREFIX = 'waxseal_envelope_'

/**
 * Finds the unique indexes on the envelope id by what they are. Not by name: tables are renamed and indexes are not.
 * `table` is an expression for the table's oid, `metadata` one for the column's name.
 */
export function envelopeIndexes(table: string, metadata: string): string {
  // With quote_all_identifiers Postgres also prints quotes where a name needs none, and format() does not.
  return `SELECT indexrelid FROM pg_catalog.pg_index
    WHERE indrelid = ${table} AND indisunique AND indisvalid AND indpred IS NULL AND indnkeyatts = 1
      AND pg_catalog.pg_get_expr(indexprs, indrelid) IN (format('(%I ->> ''id''::text)', ${metadata}),
        format('("%s" ->> ''id''::"text")', replace(${metadata}, '"', '""')))`
}

/**
 * An envelope in two rows would let one row's credential be read in the place of the other's, and a rotation would see
 * one of them. On an expression only, so that TypeORM's schema builder neither sees nor drops it.
 */
export function createEnvelopeIndex(table: ProtectedTable): string {
  const name = quoteLiteral(qualifiedName(table))
  // By the oid, for a name that is free when a renamed table has kept the index of this one's name.
  return doBlock(`BEGIN
  IF NOT EXISTS (${envelopeIndexes(`${name}::regclass`, quoteLiteral(table.metadata))}) THEN
    EXECUTE format('CREATE UNIQUE INDEX %I ON %s ((%I ->> ''id''))',
      '${PREFIX}' || ${name}::regclass::oid, ${name}::regclass, ${quoteLiteral(table.metadata)});
  END IF;
END`)
}

/** Ours only: one that somebody else made on the same expression stays. */
export function dropEnvelopeIndex(table: ProtectedTable): string {
  const name = quoteLiteral(qualifiedName(table))
  return doBlock(`DECLARE index regclass; BEGIN
  FOR index IN SELECT found.indexrelid
    FROM (${envelopeIndexes(`${name}::regclass`, quoteLiteral(table.metadata))}) found
    JOIN pg_catalog.pg_class ON oid = found.indexrelid WHERE relname ^@ '${PREFIX}'
  LOOP
    EXECUTE format('DROP INDEX %s', index);
  END LOOP;
END`)
}
