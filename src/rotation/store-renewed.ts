import { inSavepoint } from '../postgres/in-savepoint.js'
import { type FieldColumn, type ProtectedTable, qualifiedName, quoteIdentifier } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import { type StoredByHalves, storeByHalves } from '../postgres/store-by-halves.js'
import { PARAMETER_TYPES, storedRowColumns, storedRowOf } from '../postgres/stored-row.js'
import { keyArrays, keyOf } from '../postgres/swap-metadata.js'
import type { Renewed } from './renew-credential.js'

/**
 * Replaces metadata and fields of each row that still holds what was read, **every field of it**: a secret that was saved under
 * the former data key meanwhile would be overwritten by its predecessor otherwise. What the database refuses is halved until
 * it stands alone.
 */
export function storeRenewed(
  client: Queryable,
  table: ProtectedTable,
  renewed: readonly Renewed[],
): Promise<StoredByHalves<Renewed>> {
  return storeByHalves(
    renewed,
    ({ row }) => row,
    async (some) => {
      const { rows } = await inSavepoint(client, () => client.query(storeSql(table), parameters(table, some)))
      const stored = new Set(rows.map((row) => keyOf(storedRowOf(table, row))))
      return some.filter(({ row }) => stored.has(keyOf(row)))
    },
  )
}

function storeSql(table: ProtectedTable): string {
  const { primaryKey, fields } = table
  const metadata = quoteIdentifier(table.metadata)
  const types = [
    ...primaryKey.map(({ type }) => PARAMETER_TYPES[type]),
    ...['jsonb', 'jsonb'],
    ...fields.flatMap(({ type }) => [type, type]),
  ]
  const names = [
    ...primaryKey.map((_, index) => `key${index}`),
    ...['was', 'next'],
    ...fields.flatMap((_, index) => [`was${index}`, `next${index}`]),
  ]
  const sets = fields.map(({ column }, index) => `${quoteIdentifier(column)} = renewed.next${index}`)
  const conditions = [
    ...primaryKey.map(({ column }, index) => `stored.${quoteIdentifier(column)} = renewed.key${index}`),
    `stored.${metadata} = renewed.was`,
    ...fields.map((field, index) => `${compared(field)} IS NOT DISTINCT FROM renewed.was${index}`),
  ]
  return `UPDATE ${qualifiedName(table)} AS stored SET ${[`${metadata} = renewed.next`, ...sets].join(', ')}
    FROM unnest(${types.map((type, index) => `$${index + 1}::${type}[]`).join(', ')}) AS renewed (${names.join(', ')})
    WHERE ${conditions.join(' AND ')} RETURNING ${storedRowColumns(table)}`
}

/** Byte for byte: under some collations, ciphertexts that differ in their capitals count as equal. */
function compared({ column, type }: FieldColumn): string {
  const name = `stored.${quoteIdentifier(column)}`
  return type === 'text' ? `${name}::text COLLATE "C"` : name
}

function parameters(table: ProtectedTable, renewed: readonly Renewed[]): unknown[] {
  const rows = renewed.map(({ row }) => row)
  return [
    ...keyArrays(table, rows),
    rows.map(({ metadata }) => metadata),
    renewed.map(({ metadata }) => metadata),
    ...table.fields.flatMap((_, index) => [
      rows.map(({ fields }) => fields[index]),
      renewed.map(({ fields }) => fields[index]),
    ]),
  ]
}
