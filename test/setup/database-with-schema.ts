import { createHash } from 'node:crypto'
import pg from 'pg'
import { installSchema, schemaSql } from '../../src/lifecycle/index.js'
import { asAdministrator, connected, type FreshDatabase, freshDatabase, urlOf } from './database.js'

/** As `freshDatabase`, with our schema: a copy of one in which it was installed once, which takes half the time. */
export async function databaseWithSchema(): Promise<FreshDatabase> {
  const template = templateName()
  try {
    return await freshDatabase(template)
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== INVALID_CATALOG_NAME) throw error
  }
  await asAdministrator((client) => makeTemplate(client, template))
  return freshDatabase(template)
}

const INVALID_CATALOG_NAME = '3D000'

/** By the statements, which mutants change, and the month, from which on there are partitions. */
function templateName(): string {
  const hash = createHash('sha256').update(schemaSql().join('\n')).digest('hex')
  return `waxseal_schema_${hash.slice(0, 16)}_${new Date().toISOString().slice(0, 7).replace('-', '_')}`
}

async function makeTemplate(administrator: pg.Client, name: string): Promise<void> {
  // Until this connection ends: several workers ask at the same time, and one makes it.
  await administrator.query(`SELECT pg_advisory_lock(hashtext('waxseal test template'))`)
  const { rowCount } = await administrator.query('SELECT FROM pg_database WHERE datname = $1', [name])
  if (rowCount !== 0) return
  // One that a run has left unfinished when it was killed.
  await administrator.query(`DROP DATABASE IF EXISTS ${name}_unfinished WITH (FORCE)`)
  await administrator.query(`CREATE DATABASE ${name}_unfinished`)
  await connected(urlOf(`${name}_unfinished`), installSchema)
  // The server learns a little later that the connection has ended, and renames nothing that is in use.
  const inUse = () => administrator.query('SELECT FROM pg_stat_activity WHERE datname = $1', [`${name}_unfinished`])
  while ((await inUse()).rowCount !== 0);
  await administrator.query(`ALTER DATABASE ${name}_unfinished RENAME TO ${name}`)
}
