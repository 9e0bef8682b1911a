import type { TableCensus } from '../../census/index.js'
import type { LoadedConfiguration } from '../../config/load-configuration.js'
import type { AccessRole } from '../../kms/access.js'
import { type Queryable, qualifiedName } from '../../postgres/index.js'
import { type ConfiguredTables, tablesOn } from '../configured.js'
import { withDatabase } from '../database.js'
import { EXIT } from '../exit-codes.js'
import { failureOf } from '../failure.js'
import { checkAccess } from './access.js'
import { finding, type Section } from './finding.js'
import { checkKeys } from './keys.js'
import { recorded } from './recorded.js'
import { checkRuntime } from './runtime.js'
import { checkServerLog } from './server-log.js'
import { checkTable } from './tables.js'

export interface TableSummary {
  readonly entity: string
  readonly table: string
  readonly counts?: TableCensus
}

export interface Examination {
  readonly sections: readonly Section[]
  readonly tables: readonly TableSummary[]
}

/** Every check, in the order in which somebody would mend things. A database that cannot be reached is a finding. */
export async function examine(setup: ConfiguredTables, withRows: boolean): Promise<Examination> {
  const { configuration, dataSource } = setup
  const keys = await recorded(configuration, async (ledger) => [await checkKeys(configuration, ledger)])
  const sections = [runtime(), ...keys]
  if (dataSource) {
    const { checkDataSource } = await import('./typeorm.js')
    sections.push({ name: 'typeorm', findings: checkDataSource(dataSource) })
  }
  const { sections: ofDatabase, tables } = await examineDatabase(setup, withRows)
  return { sections: [...sections, ...ofDatabase], tables }
}

/** What can be asked without a database of credentials. */
export async function examineProviders(configuration: LoadedConfiguration, role: AccessRole): Promise<Examination> {
  const asked = await recorded(configuration, async (ledger) => [
    await checkKeys(configuration, ledger),
    await checkAccess(configuration, role, ledger),
  ])
  return { sections: [runtime(), ...asked], tables: [] }
}

function runtime(): Section {
  const { node } = process.versions
  return { name: 'runtime', summary: `Node ${node}`, findings: checkRuntime(node, new Date()) }
}

async function examineDatabase(setup: ConfiguredTables, withRows: boolean): Promise<Examination> {
  try {
    return await withDatabase(setup.configuration, setup.dataSource, (client) => examineTables(client, setup, withRows))
  } catch (error) {
    const { message, exitCode } = failureOf(error)
    if (exitCode !== EXIT.database) throw error
    const findings = [
      finding(
        'DATABASE_UNREACHABLE',
        message,
        'mend the connection and run it again: tables, guard, rows and server settings were not checked',
      ),
    ]
    return { sections: [{ name: 'database', findings }], tables: [] }
  }
}

async function examineTables(client: Queryable, setup: ConfiguredTables, withRows: boolean): Promise<Examination> {
  await client.query('SET default_transaction_read_only = on')
  const { rows } = await client.query('SHOW server_version')
  const sections: Section[] = []
  const tables: TableSummary[] = []
  for (const table of await tablesOn(client, setup)) {
    const { findings, counts } = await checkTable(client, table, withRows)
    const name = qualifiedName(table)
    tables.push({ entity: table.entity, table: name, ...(counts && { counts }) })
    sections.push({ name: `table ${name}`, ...(counts && { summary: summaryOf(counts) }), findings })
  }
  const server = {
    name: 'server',
    summary: `PostgreSQL ${rows[0]?.server_version}`,
    findings: await checkServerLog(client),
  }
  return { sections: [...sections, server], tables }
}

function summaryOf({ rows, wrapped, shredded, empty, undecodable }: TableCensus): string {
  const parts = [
    `${wrapped} wrapped`,
    `${shredded} shredded`,
    `${empty} empty`,
    ...(undecodable ? [`${undecodable} undecodable`] : []),
  ]
  return `${rows} ${rows === 1 ? 'row' : 'rows'}: ${parts.join(', ')}`
}
