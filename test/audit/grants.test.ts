import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { auditGrants, auditRoles } from '../../src/audit/grants.js'
import type { FreshDatabase } from '../setup/database.js'
import { databaseWithSchema } from '../setup/database-with-schema.js'

/** Roles belong to the server, which all tests share. */
const nameOf = (role: string) => `${role}_${suffix}`
const suffix = randomBytes(6).toString('hex')
const DENIED = { code: '42501' }

let database: FreshDatabase
beforeAll(async () => {
  database = await databaseWithSchema()
  for (const role of auditRoles) {
    await database.client.query(`CREATE ROLE ${nameOf(role)}`)
    for (const statement of auditGrants(role, nameOf(role))) await database.client.query(statement)
  }
})
afterAll(async () => {
  for (const role of auditRoles) await database.client.query(`DROP OWNED BY ${nameOf(role)}; DROP ROLE ${nameOf(role)}`)
  await database.drop()
})

/** As the role, and without what the owner may. */
async function as<T>(role: (typeof auditRoles)[number], use: (query: typeof database.client.query) => Promise<T>) {
  await database.client.query(`SET ROLE ${nameOf(role)}`)
  try {
    return await use(database.client.query.bind(database.client) as never)
  } finally {
    await database.client.query('RESET ROLE')
  }
}

const ATTEMPT = `INSERT INTO waxseal.ledger_attempt (id, call, started_at, writer, provider, operation)
  VALUES ($1, $1::uuid::text, now(), $1, 'fake', 'unwrap')`

async function tables(): Promise<string[]> {
  const { rows } = await database.client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'waxseal'::regnamespace AND relkind IN ('r', 'p')
      AND NOT relispartition AND relname ~ '^(ledger|application_event|audit|trail|event_state|attempt_state|state_change|finding|reconciled|log_|legal|control)'`,
  )
  return rows.map(({ name }) => `waxseal.${name}`)
}

test('the application writes its ledger, and changes nothing in it', async () => {
  await as('application', async (query) => {
    await query(ATTEMPT, [randomUUID()])
    await expect(query(`UPDATE waxseal.ledger_attempt SET actor = 'somebody'`)).rejects.toMatchObject(DENIED)
    await expect(query('DELETE FROM waxseal.ledger_attempt')).rejects.toMatchObject(DENIED)
    await expect(query('SELECT FROM waxseal.audit_event')).rejects.toMatchObject(DENIED)
  })
})

test.each(['inserted_at', 'written_in'])('the application does not choose %s', async (column) => {
  for (const table of ['ledger_attempt', 'ledger_end', 'application_event']) {
    await as('application', async (query) => {
      await expect(query(`INSERT INTO waxseal.${table} (${column}) VALUES (NULL)`)).rejects.toMatchObject(DENIED)
    })
  }
})

test.each([
  `waxseal.ensure_audit_month('2031-01-01'::pg_catalog.date)`,
  `waxseal.record_review(pg_catalog.gen_random_uuid(), 'search', '{}')`,
])('no type of a caller runs as the owner: %s', async (call) => {
  const { client } = database
  await client.query('BEGIN')
  try {
    await client.query(`GRANT EXECUTE ON FUNCTION waxseal.record_review TO ${nameOf('application')}`)
    await client.query(`SET LOCAL ROLE ${nameOf('application')}`)
    await client.query(`CREATE FUNCTION pg_temp.refuse(date) RETURNS boolean LANGUAGE plpgsql
      AS $$ BEGIN RAISE 'as %', current_user; END $$`)
    await client.query('CREATE DOMAIN pg_temp.date AS pg_catalog.date CHECK (pg_temp.refuse(VALUE))')
    await expect(client.query(`SELECT ${call}`)).resolves.toBeDefined()
  } finally {
    await client.query('ROLLBACK')
  }
})

describe('no role changes a record', () => {
  /** Where a writer and the mirror stand, and what the reconciliation concluded. */
  const UPDATED = {
    application: ['ledger_writer'],
    mirror: ['attempt_state', 'event_state', 'log_frontier', 'reconciled', 'trail_cursor', 'trail_object'],
    auditor: [],
  }

  /** All of the schema, partitions too. */
  async function tablesThat(role: string, holds: string): Promise<string[]> {
    const { rows } = await database.client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'waxseal'::regnamespace AND relkind IN ('r', 'p') AND ${holds}
      ORDER BY relname`,
      [nameOf(role)],
    )
    return rows.map(({ name }) => name)
  }

  test.each(auditRoles)('%s', async (role) => {
    expect(await tablesThat(role, `has_table_privilege($1, oid, 'DELETE, TRUNCATE, TRIGGER')`)).toEqual([])
    expect(await tablesThat(role, `has_any_column_privilege($1, oid, 'UPDATE')`)).toEqual(UPDATED[role])
  })

  test('the auditor inserts nothing', async () => {
    expect(await tablesThat('auditor', `has_any_column_privilege($1, oid, 'INSERT')`)).toEqual([])
  })
})

test('the auditor reads everything, and writes down what he looked at, under his own name alone', async () => {
  await as('auditor', async (query) => {
    for (const table of await tables()) {
      await query(`SELECT FROM ${table} LIMIT 1`)
    }
    await query(`SELECT waxseal.record_review($1, 'search', '{"rows": 3}')`, [randomUUID()])
    const { rows } = await query<{ actor: string }>(
      `SELECT actor, session_user AS me FROM waxseal.application_event WHERE category = 'audit'`,
    )
    expect(rows).toEqual([{ actor: expect.any(String), me: rows[0]!.actor }])
  })
})

test('the owner has to take the triggers away first, also where rows are replicated', async () => {
  await database.client.query(ATTEMPT, [randomUUID()])
  const month = new Date().toISOString().slice(0, 7).replace('-', '')
  for (const statement of [
    `UPDATE waxseal.ledger_attempt SET actor = 'somebody'`,
    'DELETE FROM waxseal.ledger_attempt',
    'TRUNCATE waxseal.ledger_attempt',
    `TRUNCATE waxseal.ledger_attempt_${month}`,
    `DELETE FROM waxseal.ledger_attempt_${month}`,
  ]) {
    for (const role of ['origin', 'replica']) {
      await database.client.query(`SET session_replication_role = ${role}`)
      await expect(database.client.query(statement)).rejects.toMatchObject({
        code: '23001',
        message: expect.stringContaining('append-only'),
      })
    }
  }
  await database.client.query('RESET session_replication_role')
})
