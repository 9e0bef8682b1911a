import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import pg from 'pg'
import { findTracesIn, findTracesOf, type Place, withDecodedBytes } from './traces.js'

export interface FreshDatabase {
  url: string
  client: pg.Client
  /** Ends the client and drops the database, whoever is still connected to it. */
  drop(): Promise<void>
}

/** A database of the caller's own on the server that all suites share: empty, unless `template` names one to copy. */
export async function freshDatabase(template = 'template1'): Promise<FreshDatabase> {
  if (process.env.WAXSEAL_TEST_LOG) logOfThisFile ??= serverLogSize()
  const name = `waxseal_test_${process.pid}_${randomBytes(6).toString('hex')}`
  await asAdministrator((client) => client.query(`create database ${name} template ${template}`))
  const url = urlOf(name)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return {
    url,
    client,
    async drop() {
      await client.end()
      await asAdministrator((client) => client.query(`drop database if exists ${name} with (force)`))
    },
  }
}

/** Of the tables of an application: less work than another database. */
export async function emptySchema(client: pg.Client): Promise<void> {
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
}

export async function asAdministrator(run: (client: pg.Client) => Promise<unknown>): Promise<void> {
  await connected(serverUrl(), run)
}

export async function connected(url: string, run: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await run(client)
  } finally {
    await client.end()
  }
}

export function urlOf(name: string): string {
  const url = new URL(serverUrl())
  url.pathname = `/${name}`
  return url.href
}

function serverUrl(): string {
  const url = process.env.WAXSEAL_TEST_URL
  if (!url) throw new Error('No database: test/setup/global-setup.ts has not run')
  return url
}

/** Where the log of this file's databases begins: no canary of theirs stands before, and the log of a whole run is long. */
let logOfThisFile: number | undefined

/**
 * Everything that the server logged so far, for all suites, or what it logged after it had `from` bytes. A statement is in
 * it before its client has the answer.
 */
export function serverLog(from = 0): string {
  const file = openSync(logFile(), 'r')
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - from))
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, from))
  } finally {
    closeSync(file)
  }
}

export function serverLogSize(): number {
  return statSync(logFile()).size
}

function logFile(): string {
  const file = process.env.WAXSEAL_TEST_LOG
  // Not '': a search of an empty log would pass.
  if (!file) throw new Error('No server log: set WAXSEAL_TEST_DATABASE_LOG beside WAXSEAL_TEST_DATABASE_URL')
  return file
}

/** Every column of every row of every user table as text, one `schema.table.column: value` each, with bytes also decoded. */
export async function dumpDatabase(client: pg.Client): Promise<string> {
  const places = await readColumns(client)
  return places.map(({ where, text }) => `${where}: ${withDecodedBytes(text)}`).join('\n')
}

/**
 * Where the canary is, in any form, for example `public.account.token (base64)` or `server log (plain)`. A canary that was
 * made after the log had `from` bytes need not be looked for before them.
 */
export async function findTraces(client: pg.Client, canary: string, from = logOfThisFile ?? 0): Promise<string[]> {
  return findTracesIn([...(await readColumns(client)), { where: 'server log', text: serverLog(from) }], canary)
}

export async function expectNoTrace(client: pg.Client, canary: string): Promise<void> {
  const found = await findTraces(client, canary)
  if (found.length > 0) assert.fail(`The canary ${canary} was found in: ${found.join(', ')}`)
}

/** As `expectNoTrace`, of many in one pass. */
export async function expectNoTraces(client: pg.Client, canaries: readonly string[]): Promise<void> {
  const places = [...(await readColumns(client)), { where: 'server log', text: serverLog(logOfThisFile ?? 0) }]
  for (const [index, found] of findTracesOf(canaries, places).entries()) {
    if (found.length > 0) assert.fail(`The canary ${canaries[index]} was found in: ${found.join(', ')}`)
  }
}

/** The positive control: the same search does find the canary, in a table and in the server's log. */
export async function expectTrace(client: pg.Client, canary: string): Promise<void> {
  const found = await findTraces(client, canary)
  const inLog = found.filter((place) => place.startsWith('server log ('))
  const missing = [inLog.length === found.length && 'the tables', inLog.length === 0 && 'the server log'].filter(
    Boolean,
  )
  if (missing.length > 0) {
    throw new Error(
      `The canary ${canary} was not found in ${missing.join(' or ')}; found in: ${found.join(', ') || '-'}`,
    )
  }
}

export async function readColumns(client: pg.Client): Promise<Place[]> {
  // The other setting, "escape", would hide bytes from the search.
  await client.query("set bytea_output = 'hex'")
  const { rows: columns } = await client.query<{ schema: string; name: string; column: string }>(`
    select n.nspname as schema, c.relname as name, a.attname as column
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relkind in ('r', 'm')
       and n.nspname !~ '^pg_toast' and n.nspname not in ('pg_catalog', 'information_schema')
     order by 1, 2, a.attnum`)
  if (columns.length === 0) return []
  // One statement, not one for each column.
  const texts = columns.map(({ schema, name, column }) => {
    const [s, t, c] = [schema, name, column].map((part) => pg.escapeIdentifier(part))
    const where = pg.escapeLiteral(`${schema}.${name}.${column}`)
    return `select ${where} as where, ${c}::text as text from ${s}.${t} where ${c} is not null`
  })
  const { rows } = await client.query<Place>(texts.join(' union all '))
  return rows
}
