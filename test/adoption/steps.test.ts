import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { cleanAdoption } from '../../src/adoption/clean.js'
import { enforceAdoption } from '../../src/adoption/enforce.js'
import { isGuardedFor } from '../../src/adoption/guard-stage.js'
import { prepareAdoption } from '../../src/adoption/prepare.js'
import { reopen } from '../../src/adoption/reopen.js'
import { type FleetMember, joinFleet } from '../../src/lifecycle/index.js'
import type { ProtectedTable } from '../../src/postgres/index.js'
import { outcome } from '../postgres/credentials.js'
import { Accounts } from './accounts.js'
import { adopt } from './working.js'

let accounts: Accounts
let members: FleetMember[]
beforeEach(async () => {
  members = []
  accounts = await Accounts.create()
})
afterEach(async () => {
  for (const member of members) await member.leave()
  await accounts.drop()
})

async function join(mode: string): Promise<FleetMember> {
  const { cipher, database } = accounts
  const member = await joinFleet({ cipher, connection: database.url, modes: { account: mode }, required: true })
  members.push(member)
  return member
}

const client = () => accounts.database.client
const undeclared = (): ProtectedTable => {
  return { ...accounts.table, fields: accounts.table.fields.map(({ adoption: _, ...field }) => field) }
}

async function enforced(): Promise<void> {
  await accounts.insert('value')
  await adopt(accounts)
  await join('enforce')
  expect(await enforceAdoption(client(), accounts.table)).toMatchObject({ objections: [] })
}

describe('enforce', () => {
  test('one row in plaintext is an objection, and the guard stays that of the adoption', async () => {
    await accounts.fill(3)
    await adopt(accounts)
    const id = await accounts.insert('late')
    await join('adopt-write')
    const { done, objections } = await enforceAdoption(client(), accounts.table)
    expect({ done, objections }).toEqual({ done: [], objections: [expect.stringMatching(/^1 rows have plaintext/)] })
    expect(await isGuardedFor(client(), accounts.table, 'adoption')).toBe(true)
    await accounts.query('DELETE FROM account WHERE id = $1', [id])
    expect(await enforceAdoption(client(), accounts.table)).toMatchObject({ objections: [] })
    expect(await isGuardedFor(client(), accounts.table, 'enforce')).toBe(true)
    expect(await outcome(accounts.insert('refused'))).toBe('WX006')
  })

  test.each(['adopt-read', 'off'])('a process in %s is an objection', async (mode) => {
    const member = await join(mode)
    expect((await enforceAdoption(client(), accounts.table)).objections).toEqual([
      `process ${member.id} is in ${mode}, expected adopt-write or enforce`,
    ])
  })

  test('a process that says nothing about the entity is an objection, unless its label is known', async () => {
    const { cipher, database } = accounts
    members.push(await joinFleet({ cipher, connection: database.url, label: 'reports', required: true }))
    await join('enforce')
    expect((await enforceAdoption(client(), accounts.table)).objections).toEqual([
      expect.stringMatching(/\("reports"\) is in no mode/),
    ])
    expect((await enforceAdoption(client(), accounts.table, { ignored: ['reports'] })).objections).toEqual([])
  })

  test('so is a fleet with nobody in it', async () => {
    expect((await enforceAdoption(client(), accounts.table)).objections).toContainEqual(
      expect.stringMatching(/at least 1 in the fleet/),
    )
  })

  test('a second time changes nothing', async () => {
    await enforced()
    const before = await accounts.query('SELECT * FROM waxseal.adoption')
    expect(await enforceAdoption(client(), accounts.table)).toMatchObject({ objections: [] })
    expect(await accounts.query('SELECT * FROM waxseal.adoption')).toEqual(before)
    expect(before[0]!.dropped_not_null).toEqual(['password'])
  })

  test('a table that was not prepared is refused', async () => {
    await accounts.query('DELETE FROM waxseal.adoption')
    await expect(enforceAdoption(client(), accounts.table)).rejects.toThrow(/expected one whose adoption was prepared/)
  })
})

describe('clean', () => {
  test('is refused before enforce, and while the adoption is declared', async () => {
    await join('enforce')
    await expect(cleanAdoption(client(), undeclared())).rejects.toThrow(/run waxseal adopt enforce first/)
    await enforced()
    await expect(cleanAdoption(client(), accounts.table)).rejects.toThrow(/still declares "adopt"/)
  })

  test('drops the sources, and nobody goes back', async () => {
    await enforced()
    expect(await cleanAdoption(client(), undeclared())).toMatchObject({ objections: [] })
    expect(await isGuardedFor(client(), undeclared(), 'enforce')).toBe(true)
    const [row] = await accounts.query('SELECT * FROM account')
    expect(Object.keys(row!).sort()).toEqual([
      'encryption_metadata',
      'id',
      'name',
      'oauth_encrypted',
      'password_encrypted',
      'tenant_id',
    ])
    await expect(reopen(client(), accounts.table)).rejects.toThrow(/found one that was cleaned/)
    expect(await cleanAdoption(client(), undeclared())).toEqual({ done: [], objections: [] })
  })

  test('a process that still writes the sources is an objection', async () => {
    await enforced()
    await join('adopt-write')
    expect((await cleanAdoption(client(), undeclared())).objections).toEqual([
      expect.stringMatching(/is in adopt-write, expected enforce/),
    ])
    expect(await accounts.query('SELECT password FROM account')).toHaveLength(1)
  })
})

describe('reopen', () => {
  test('puts the guard of the adoption back, while all processes read both kinds of rows', async () => {
    await enforced()
    expect((await reopen(client(), accounts.table)).objections).toEqual([expect.stringMatching(/expected adopt-read/)])
    expect(await isGuardedFor(client(), accounts.table, 'enforce')).toBe(true)
    await members.pop()!.leave()
    await join('adopt-read')
    expect((await reopen(client(), accounts.table)).objections).toEqual([])
    expect(await isGuardedFor(client(), accounts.table, 'adoption')).toBe(true)
  })
})

describe('prepare', () => {
  test('a second time runs nothing, nor does it after enforce', async () => {
    expect(await prepareAdoption(client(), accounts.table)).toEqual({ statements: [] })
    await enforced()
    expect(await prepareAdoption(client(), accounts.table)).toEqual({ statements: [] })
    expect(await isGuardedFor(client(), accounts.table, 'enforce')).toBe(true)
  })

  test('takes up what was cut off', async () => {
    await accounts.query('DROP TRIGGER waxseal_wx001_update ON account')
    await accounts.query('ALTER TABLE account DROP COLUMN oauth_encrypted CASCADE')
    await prepareAdoption(client(), accounts.table)
    expect(await isGuardedFor(client(), accounts.table, 'adoption')).toBe(true)
  })

  test('rows are not rewritten', async () => {
    const fresh = await Accounts.create({ prepared: false })
    await fresh.insert('value')
    const before = await fresh.query("SELECT pg_relation_filenode('account') AS file, xmin::text FROM account")
    await prepareAdoption(fresh.database.client, fresh.table)
    expect(await fresh.query("SELECT pg_relation_filenode('account') AS file, xmin::text FROM account")).toEqual(before)
    await fresh.drop()
  })
})
