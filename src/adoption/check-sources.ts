import { ConfigurationError } from '../errors.js'
import { type CatalogColumn, type CatalogTable, readCatalog } from '../postgres/guard-catalog.js'
import { qualifiedName } from '../postgres/protected-table.js'
import type { Queryable } from '../postgres/queryable.js'
import type { AdoptedField, AdoptedTable } from './adopted-table.js'

const TEXT = /^(text|character varying)$/
const TEXT_OF_ANY_LENGTH = /^(text|character varying(\(\d+\))?)$/
const JSON_TYPES = /^jsonb?$/

/** What stands in the way of an adoption, each with what to do. The catalog as it was read, for who goes on. */
export async function checkSources(
  client: Queryable,
  table: AdoptedTable,
): Promise<{ readonly catalog: CatalogTable; readonly problems: readonly string[] }> {
  const catalog = await readCatalog(client, table)
  if (!catalog?.ordinary) {
    throw new ConfigurationError(
      `table ${qualifiedName(table)}: expected an ordinary table that is not partitioned, found ${catalog ? 'another' : 'none'}`,
    )
  }
  const { columns } = catalog
  const readers = table.adopted.flatMap(({ adoption }) => adoption.readers.flatMap(({ reader }) => reader.columns))
  const missing = [...new Set(readers)].filter((column) => !columns.has(column))
  return {
    catalog,
    problems: [
      ...metadataProblems(table, columns.get(table.metadata)),
      ...missing.map((column) => `a reader looks at the column "${column}", which does not exist; mend the reader`),
      ...table.adopted.flatMap((field) => fieldProblems(field, columns)),
    ],
  }
}

/** A column of this name that something else writes cannot be renamed while it does. */
function metadataProblems({ metadata }: AdoptedTable, column: CatalogColumn | undefined): string[] {
  if (!column || (column.type === 'jsonb' && column.notNull && column.default === "'{}'::jsonb")) return []
  return [
    `the column "${metadata}" is ${column.type} and belongs to something else: leave it to that, and give the one of waxseal ` +
      `another name (@EncryptionMetadata({ name: 'waxseal_metadata' }), or "metadata" of the table)`,
  ]
}

function fieldProblems(field: AdoptedField, columns: CatalogTable['columns']): string[] {
  const { placement, source } = field.adoption
  const found = columns.get(source)
  if (!found) return [`the source "${source}" does not exist; mend its name`]
  if (placement === 'inPlace') return inPlaceProblems(field, found)
  const side = columns.get(field.column)
  const types = field.kind === 'json' ? /^(text|character varying(\(\d+\))?|jsonb?)$/ : TEXT_OF_ANY_LENGTH
  return [
    ...(types.test(found.type)
      ? []
      : [unfit(found, field.kind === 'json' ? 'text, varchar, json or jsonb' : 'text or varchar')]),
    ...(side && (!TEXT.test(side.type) || side.default !== null || side.notNull)
      ? [
          `the column "${field.column}" for the ciphertexts is ${side.type}: expected text, nullable and without a default; drop it, and it is made`,
        ]
      : []),
  ]
}

function inPlaceProblems({ column }: AdoptedField, found: CatalogColumn): string[] {
  if (/\(\d+\)$/.test(found.type) || JSON_TYPES.test(found.type) || !TEXT.test(found.type)) {
    return [
      `the column "${column}" is ${found.type}, in which no ciphertext has room: adopt it beside ({ placement: 'side', source: '${column}' }), into a column of another name`,
    ]
  }
  if (found.default === null) return []
  return [`the column "${column}" has a default, which would be stored in plaintext: drop the default`]
}

const unfit = ({ name, type }: CatalogColumn, expected: string) =>
  `the source "${name}" is ${type}: expected ${expected}`
