import { generateLocalKey } from '../../providers/local/index.js'
import type { ProtectedTable } from '../../src/postgres/index.js'
import { Credentials, type CredentialsOptions } from '../postgres/credentials.js'
import { type Project, project, type Run, type RunOptions, waxseal } from '../setup/cli.js'
import { type FreshDatabase, freshDatabase } from '../setup/database.js'

/** A user's project whose configuration names a table of credentials in a database of its own. */
export interface ProtectedProject {
  readonly database: FreshDatabase
  readonly client: FreshDatabase['client']
  readonly credentials: Credentials
  readonly project: Project
  /** Changes options of the configuration. */
  configure(changes: Readonly<Record<string, unknown>>): void
  /** `waxseal <args>` with that configuration. */
  run(args: readonly string[], options?: RunOptions): Promise<Run>
  remove(): Promise<void>
}

export const provider = { name: 'local', keys: `1:${generateLocalKey()}`, currentKey: 1 } as const

export async function protectedProject(
  options: CredentialsOptions = {},
  configuration: Readonly<Record<string, unknown>> = {},
  made: Promise<FreshDatabase> = freshDatabase(),
): Promise<ProtectedProject> {
  const database = await made
  const credentials = await Credentials.create(database.client, options)
  let current: Readonly<Record<string, unknown>> = {
    provider,
    database: database.url,
    tables: [declarationOf(credentials.table)],
  }
  const folder = project({})
  const configure = (changes: Readonly<Record<string, unknown>>) => {
    current = { ...current, ...changes }
    folder.write('waxseal.config.json', JSON.stringify(current))
  }
  configure(configuration)
  return {
    database,
    client: database.client,
    credentials,
    project: folder,
    configure,
    run: (args, runOptions) => waxseal(args, { cwd: folder.folder, ...runOptions }),
    async remove() {
      folder.remove()
      await database.drop()
    },
  }
}

export function declarationOf(table: ProtectedTable) {
  return {
    entity: table.entity,
    schema: table.schema,
    table: table.table,
    primaryKey: Object.fromEntries(table.primaryKey.map(({ column, type }) => [column, type])),
    metadata: table.metadata,
    fields: table.fields,
    context: Object.fromEntries(table.context.map(({ name, column, type }) => [name, { column, type }])),
  }
}
