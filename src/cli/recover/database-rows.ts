import { type ProtectedTable, type Queryable, qualifiedName } from '../../postgres/index.js'
import { bindingOf } from '../../postgres/protected-table.js'
import { readCredentials, type StoredCredential } from '../../postgres/read-credentials.js'
import { openFields, type SourceRow } from './recovered-row.js'

/**
 * All rows of the tables. A table that the server refuses to read is one row that does not open: those of the others are
 * recovered. A connection that is gone is an error of the whole.
 */
export async function* rowsOfTables(
  client: Queryable,
  tables: readonly ProtectedTable[],
  batchSize: number,
): AsyncGenerator<SourceRow> {
  for (const table of tables) {
    try {
      for await (const batch of readCredentials(client, table, batchSize)) {
        yield* batch.map((row) => sourceRow(table, row))
      }
    } catch (error) {
      await client.query('SELECT 1').catch(() => {
        throw error
      })
      yield { where: qualifiedName(table), recover: () => Promise.reject(error) }
    }
  }
}

function sourceRow(table: ProtectedTable, { primaryKey, bound, metadata, fields }: StoredCredential): SourceRow {
  return {
    where: `${qualifiedName(table)} ${JSON.stringify(primaryKey)}`,
    async recover(cipher) {
      const stored = table.fields.map(({ id, kind }, index) => ({ id, kind, value: fields[index] ?? null }))
      const binding = bindingOf(table, bound)
      const recovered = await openFields({ ...binding, metadata: JSON.parse(metadata), fields: stored }, cipher)
      // Of a row whose key is not bound nothing else would say which it is.
      return { table: qualifiedName(table), primaryKey, ...recovered }
    },
  }
}
