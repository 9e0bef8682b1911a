import { randomUUID } from 'node:crypto'
import { expect, test } from '@jest/globals'
import pg from 'pg'
import { objectionsOf } from '../../src/adoption/fence.js'
import { joinFleet } from '../../src/lifecycle/index.js'
import { Accounts } from './accounts.js'

test('a session of another role belongs to nobody in the fleet, unless it is known', async () => {
  const accounts = await Accounts.create()
  const { client, url } = accounts.database
  const { cipher } = accounts
  const member = await joinFleet({ cipher, connection: url, modes: { account: 'adopt-read' }, required: true })
  const [role, password] = [`reporting_${randomUUID()}`, randomUUID()]
  await accounts.query(`CREATE ROLE "${role}" LOGIN PASSWORD '${password}'`)
  const theirs = new URL(url)
  theirs.username = role
  theirs.password = password
  const other = new pg.Client({ connectionString: theirs.href, application_name: 'reports' })
  try {
    // The sessions of the pool and of this test are of the role and the address of the process.
    await accounts.pool.query('SELECT 1')
    expect(await objectionsOf(client, accounts.table, ['adopt-read'])).toEqual([])
    await other.connect()
    expect(await objectionsOf(client, accounts.table, ['adopt-read'])).toEqual([
      expect.stringMatching(`^1 of the role ${role} with "reports" at .* belongs to no process of the fleet$`),
    ])
    expect(await objectionsOf(client, accounts.table, ['adopt-read'], { ignored: ['reports'] })).toEqual([])
  } finally {
    await other.end()
    await accounts.query(`DROP ROLE "${role}"`)
    await member.leave()
    await accounts.drop()
  }
})
