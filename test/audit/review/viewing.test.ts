import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { auditGrants } from '../../../src/audit/grants.js'
import { countAudit, searchAudit } from '../../../src/audit/review/search.js'
import type { FreshDatabase } from '../../setup/database.js'
import { databaseWithSchema } from '../../setup/database-with-schema.js'
import { AuditRows } from './rows.js'

const auditor = `auditor_${randomBytes(6).toString('hex')}`
const MAY = { from: new Date('2026-05-01'), to: new Date('2026-06-01') }

let database: FreshDatabase
let event: string
beforeAll(async () => {
  database = await databaseWithSchema()
  const { client } = database
  event = await new AuditRows(client).event('2026-05-10T10:00:00Z', { principal: 'somebody' })
  await client.query(`CREATE ROLE ${auditor}`)
  for (const statement of auditGrants('auditor', auditor)) await client.query(statement)
})
afterAll(async () => {
  await database.client.query(`RESET ROLE; DROP OWNED BY ${auditor}; DROP ROLE ${auditor}`)
  await database.drop()
})

async function views() {
  const { records } = await searchAudit(database.client, { category: 'audit', operation: 'search' }, { limit: 1000 })
  return records.length
}

test('the role of an auditor suffices, and what he looked at is a record that he finds', async () => {
  const { client } = database
  await client.query(`SET ROLE ${auditor}`)
  try {
    const before = await views()
    expect((await searchAudit(client, { ...MAY, actor: 'somebody' })).records).toMatchObject([{ id: event }])
    expect(await countAudit(client, MAY)).toEqual({ count: 1, isMore: false })
    const { rows } = await client.query(`SELECT actor, session_user AS me, detail FROM waxseal.application_event
      WHERE category = 'audit' ORDER BY inserted_at DESC LIMIT 1`)
    expect(rows[0].actor).toBe(rows[0].me)
    expect(rows[0].detail).toMatchObject({ filters: { actor: 'somebody' }, records: 1, from: MAY.from.toISOString() })
    expect(await views()).toBe(before + 2)
  } finally {
    await client.query('RESET ROLE')
  }
})

test('who may read the tables and not write down that he did is shown nothing', async () => {
  const { client } = database
  await client.query(
    `REVOKE EXECUTE ON FUNCTION waxseal.record_review(uuid, text, jsonb) FROM ${auditor}; SET ROLE ${auditor}`,
  )
  try {
    await expect(searchAudit(client, MAY)).rejects.toMatchObject({ code: '42501' })
  } finally {
    await client.query('RESET ROLE')
  }
})
