import type { GuardIndex } from './guard-index.js'
import { quoteIdentifier, quoteLiteral } from './protected-table.js'

/**
 * An envelope in two rows would let one row's credential be read in the place of the other's, and a rotation would see
 * one of them.
 */
export const ENVELOPE_INDEX: GuardIndex = {
  prefix: 'waxseal_envelope_',
  unique: true,
  columns: ({ metadata }) => `(${quoteIdentifier(metadata)} ->> 'id')`,
  found(table, oid) {
    const metadata = quoteLiteral(table.metadata)
    // With quote_all_identifiers Postgres also prints quotes where a name needs none, and format() does not.
    return `SELECT indexrelid FROM pg_catalog.pg_index
      WHERE indrelid = ${oid} AND indisunique AND indisvalid AND indpred IS NULL AND indnkeyatts = 1
        AND pg_catalog.pg_get_expr(indexprs, indrelid) IN (format('(%I ->> ''id''::text)', ${metadata}),
          format('("%s" ->> ''id''::"text")', replace(${metadata}, '"', '""')))`
  },
}
