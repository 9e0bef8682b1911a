import { afterEach, beforeEach, expect, test } from '@jest/globals'
import {
  cleanAdoption,
  enforceAdoption,
  planAdoption,
  prepareAdoption,
  type RunEvent,
  rollbackAdoption,
  runAdoption,
  verifyAdoption,
} from '../../src/adoption/index.js'
import { type FleetMember, joinFleet } from '../../src/lifecycle/index.js'
import { Accounts } from './accounts.js'

const ROWS = 5
let accounts: Accounts
let member: FleetMember
beforeEach(async () => {
  accounts = await Accounts.create({ prepared: false })
  await accounts.fill(ROWS)
  const { cipher, database } = accounts
  member = await joinFleet({ cipher, connection: database.url, modes: { account: 'adopt-read' }, required: true })
})
afterEach(async () => {
  await member.leave()
  await accounts.drop()
})

const client = () => accounts.database.client
const work = () => ({ cipher: accounts.cipher, pool: accounts.pool })

test('plan, prepare, run, verify, rollback: the rows are as they were', async () => {
  const columns = 'id, tenant_id, name, password, oauth'
  const before = await accounts.query(`SELECT ${columns} FROM account ORDER BY id`)
  expect(await planAdoption(client(), accounts.table)).toMatchObject({
    stage: 'not prepared',
    kmsCalls: { generateDataKey: ROWS, wrap: 0 },
  })
  await prepareAdoption(client(), accounts.table)
  expect(await runAdoption(accounts.table, work())).toMatchObject({ state: 'finished', counts: { encrypted: ROWS } })
  expect(await verifyAdoption(accounts.table, work())).toMatchObject({ counts: { verified: ROWS }, failed: 0 })
  expect(await rollbackAdoption(accounts.table, work())).toMatchObject({ counts: { decrypted: ROWS }, failed: 0 })
  expect(await accounts.query(`SELECT ${columns} FROM account ORDER BY id`)).toEqual(before)
})

test('plan looks at so many rows, and counts a wrap for each recipient', async () => {
  const { kmsCalls, sample } = await planAdoption(client(), accounts.table, { sample: 2, recipients: 3 })
  expect(sample.rows).toBe(2)
  expect(kmsCalls.wrap).toBe(3 * kmsCalls.generateDataKey)
})

test('a dry run of prepare gives the statements, and runs none', async () => {
  const { statements } = await prepareAdoption(client(), accounts.table, { dryRun: true })
  expect(statements[0]).toMatch(/^ALTER TABLE "public"."account" ADD COLUMN/)
  expect((await planAdoption(client(), accounts.table)).stage).toBe('not prepared')
})

test('more processes than are in the fleet are an objection, and nothing is begun', async () => {
  await prepareAdoption(client(), accounts.table)
  const report = await runAdoption(accounts.table, { ...work(), processes: 2 })
  expect(report.objections).toEqual([expect.stringMatching(/^expected at least 2 in the fleet .*, found 1$/)])
  expect(accounts.provider.calls.filter(({ operation }) => operation === 'generateDataKey')).toEqual([])
})

test('a run tells of each batch, ends behind the one at hand, and goes on when it is called again', async () => {
  await prepareAdoption(client(), accounts.table)
  const controller = new AbortController()
  const batches: number[] = []
  const onEvent = (event: RunEvent) => {
    if (event.type !== 'batch') return
    batches.push(event.rows)
    controller.abort()
  }
  const options = { ...work(), batchRows: 2, onEvent }
  const stopped = await runAdoption(accounts.table, { ...options, signal: controller.signal })
  expect(stopped).toMatchObject({ state: 'running', counts: { encrypted: 2 } })
  expect(batches).toEqual([2])
  expect(await runAdoption(accounts.table, options)).toMatchObject({
    run: stopped.run,
    state: 'finished',
    counts: { encrypted: ROWS },
  })
})

test('unknown options are errors, and so are values that do not fit', async () => {
  const { table } = accounts
  const refused = [
    () => planAdoption(client(), table, { samples: 1 } as object),
    () => prepareAdoption(client(), table, { dryrun: true } as object),
    () => enforceAdoption(client(), table, { process: 1 } as object),
    () => cleanAdoption(client(), table, { processes: 0 }),
    () => runAdoption(table, { ...work(), rate: 1 } as never),
    () => rollbackAdoption(table, { ...work(), ignored: 'reports' } as never),
    () => verifyAdoption(table, { ...work(), processes: 1 } as never),
    () => verifyAdoption(table, { ...work(), rowsPerSecond: 0 }),
  ]
  for (const each of refused) await expect(each()).rejects.toThrow(/unknown option | must be /)
})
