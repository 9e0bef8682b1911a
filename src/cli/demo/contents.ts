import pg from 'pg'
import { formsOf } from './canary.js'
import type { DemoDatabase } from './database.js'

/** Everything that one column holds, as text. */
interface Column {
  readonly name: string
  readonly text: string
}

/**
 * The contents of the database: every column of every table, system catalogs left out. In somebody else's database it is
 * the demo's schema only. Read once and searched here: a search by SQL would send the plaintext that it looks for.
 */
export class DatabaseContents {
  readonly columns: readonly Column[]

  private constructor(columns: readonly Column[]) {
    this.columns = columns
  }

  static async read(database: DemoDatabase): Promise<DatabaseContents> {
    const client = await database.connect()
    try {
      const { rows } = await client.query<{ schema: string; table: string; column: string }>(COLUMNS, [
        database.isTemporary ? null : database.schema,
      ])
      const columns: Column[] = []
      for (const { schema, table, column } of rows) {
        const [s, t, c] = [schema, table, column].map((name) => pg.escapeIdentifier(name))
        const { rows: values } = await client.query({ text: `SELECT ${c}::text FROM ${s}.${t}`, rowMode: 'array' })
        columns.push({ name: `${table}.${column}`, text: values.map(([value]) => value ?? '').join('\n') })
      }
      return new DatabaseContents(columns)
    } finally {
      await client.end()
    }
  }

  get tableCount(): number {
    return new Set(this.columns.map(({ name }) => name.split('.')[0])).size
  }

  /** The columns that hold `text`, in whatever form. */
  find(text: string): string[] {
    const forms = formsOf(text)
    return this.columns.filter((column) => forms.some((form) => column.text.includes(form))).map(({ name }) => name)
  }
}

const COLUMNS = `
  SELECT n.nspname AS schema, c.relname AS table, a.attname AS column
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
   WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND ($1::text IS NULL OR n.nspname = $1)
   ORDER BY 1, 2, a.attnum`
