import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { generateLocalKey } from '../../providers/local/index.js'
import { connectCipher } from '../../src/config/index.js'
import { metadataToJson } from '../../src/index.js'
import { bindingOf } from '../../src/postgres/index.js'
import { databaseWithSchema } from '../setup/database-with-schema.js'
import { whileLocked } from './locked-row.js'
import { type ProtectedProject, protectedProject } from './protected-project.js'
import { Running } from './running.js'

const keys = `1:${generateLocalKey()}\n2:${generateLocalKey()}`
const current = (currentKey: number) => ({ provider: { name: 'local', keys, currentKey } as const })

let made: ProtectedProject
beforeAll(async () => {
  made = await protectedProject({}, current(2), databaseWithSchema())
})
afterAll(() => made.remove())
beforeEach(async () => {
  await made.client.query('TRUNCATE credential')
  await made.client.query('DELETE FROM waxseal.run')
})

/** Rows under key 1. */
async function insert(count: number): Promise<string[]> {
  await using cipher = await connectCipher({ configuration: current(1) })
  const ids = Array.from({ length: count }, () => randomUUID())
  for (const id of ids) {
    const envelope = await cipher.mint(bindingOf(made.credentials.table, { id, tenant_id: 'acme' }))
    const password = made.credentials.encrypt(envelope, 'password', `password ${id}`)
    await made.credentials.insertStored(id, 'acme', [password], metadataToJson(envelope.metadata))
  }
  return ids
}

async function damage(id: string): Promise<void> {
  const { encryption_metadata: metadata } = await made.credentials.read(id)
  const [wrap] = metadata['wraps']
  const altered = { ...metadata, wrap: 2, wraps: [{ ...wrap, dataKey: wrap.dataKey.replace(/^.{8}/, 'AAAAAAAA') }] }
  await made.credentials.update(id, { encryption_metadata: altered })
}

async function versions(): Promise<string[]> {
  const { rows } = await made.client.query(
    `SELECT left(encryption_metadata #>> '{wraps,0,kek,version}', 1) AS key FROM credential ORDER BY 1`,
  )
  return rows.map(({ key }) => key)
}

describe('waxseal rotate', () => {
  test('rewraps what is stale, says so, and finds nothing more to do', async () => {
    await insert(5)
    const { status, stdout, stderr } = await made.run(['rotate'])
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: '✓ credential: 5 rewrapped; the field columns of 5 compared, before and after: none changed\n',
    })
    expect(stderr).toMatch(/^rotate of "public"\."credential": run [\w-]{36}\n1 of its sets of KEKs to go through\n/)
    expect(await versions()).toEqual(['2', '2', '2', '2', '2'])
    expect(await made.run(['rotate'])).toMatchObject({ status: 0, stdout: expect.stringContaining('0 rewrapped') })
  })

  test('--json prints an object for each event, and the reports last', async () => {
    await insert(5)
    const { status, stdout } = await made.run(['rotate', '--json', '--batch', '2'])
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(status).toBe(0)
    expect(lines[0]).toMatchObject({ type: 'started', run: { kind: 'rotate', entity: 'credential' }, resumed: false })
    const batches = lines.filter(({ type }) => type === 'batch')
    expect(batches.map(({ rows }) => rows)).toEqual([2, 2, 1])
    expect(lines.at(-1)).toMatchObject({ type: 'reports', reports: [{ state: 'finished', rewrapped: 5, failed: 0 }] })
  })

  test('exit code 1 for rows that failed, which "runs failures" lists without a value', async () => {
    const [bad] = await insert(3)
    await damage(bad!)
    const { status, stdout } = await made.run(['rotate', '--concurrency', '1'])
    expect(status).toBe(1)
    expect(stdout).toMatch(/^✗ credential: 2 rewrapped; .*\n {2}1 failed: waxseal runs failures [\w-]{36}\n$/)
    const id = /failures (\S+)/.exec(stdout)![1]!
    const listed = await made.run(['runs', 'failures', id])
    expect(listed).toMatchObject({ status: 0, stdout: expect.stringMatching(`^${bad}  ERR_DECRYPTION_FAILED  `) })
    const json = JSON.parse((await made.run(['runs', 'failures', id, '--json'])).stdout)
    expect(json).toMatchObject([{ primaryKey: [bad], code: 'ERR_DECRYPTION_FAILED' }])
  })

  test('--verify sample opens some rows when all are stored', async () => {
    await insert(3)
    const { status, stdout } = await made.run(['rotate', '--verify', 'sample'])
    expect({ status, stdout }).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('\n  the wraps of 3 opened; the old ones are thrown away\n'),
    })
    expect((await made.client.query('SELECT FROM waxseal.rewrap_journal')).rows).toEqual([])
  })

  test('--entity names the tables to go through', async () => {
    const { status, stderr } = await made.run(['rotate', '--entity', 'nobody'])
    expect({ status, stderr }).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('expected one of credential'),
    })
  })
})

test('an interrupt ends it after the batch at hand, and it goes on where it was', async () => {
  const ids = await insert(40)
  const start = () => new Running(made.project.folder, ['rotate', '--json', '--batch', '1'])
  let stopped: Running | undefined
  let ended: Promise<unknown[]> | undefined
  await whileLocked(made, ids.sort()[20]!, start, async (rotating) => {
    stopped = rotating
    ended = rotating.end('SIGINT')
  })
  expect(await ended).toEqual([1, null])
  const { reports } = await stopped!.event('reports')
  expect(reports).toMatchObject([{ state: 'running', failed: 0 }])
  expect(reports[0].rewrapped).toBe((await versions()).filter((key) => key === '2').length)
  expect(reports[0].rewrapped).toBeLessThan(40)
  const { status, stdout } = await made.run(['rotate'])
  expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining('credential: 40 rewrapped') })
})

describe('waxseal rotate --dry-run', () => {
  test('says what is stale, what it takes and which triggers fire, and changes nothing', async () => {
    await insert(3)
    await made.client.query(
      `CREATE OR REPLACE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TRIGGER noting BEFORE UPDATE ON credential FOR EACH ROW EXECUTE FUNCTION note()`,
    )
    try {
      const { status, stdout } = await made.run(['rotate', '--dry-run'])
      expect(status).toBe(0)
      expect(stdout).toMatch(/^"public"\."credential": 3 to be looked at, and rewrapped where they are stale\n/)
      expect(stdout).toMatch(/\n {2}3 under local:local@1-\S+ → local:local@2-\S+\n/)
      expect(stdout).toContain('\n  local: 0 calls, about $0.00\n')
      expect(stdout).toMatch(/\n {2}your trigger noting fires for each row: CREATE TRIGGER noting BEFORE UPDATE/)
      expect(stdout).not.toContain('waxseal_wx')
      expect(await versions()).toEqual(['1', '1', '1'])
      expect((await made.client.query('SELECT FROM waxseal.run')).rows).toEqual([])
    } finally {
      await made.client.query('DROP TRIGGER noting ON credential')
    }
  })

  test('--json prints it, and --rate and --price are what the operator knows better', async () => {
    await insert(2)
    const { stdout } = await made.run(['rotate', '--dry-run', '--json', '--rate', '5', '--price', '0.5'])
    expect(JSON.parse(stdout)).toMatchObject({
      dryRun: true,
      tables: [
        {
          entity: 'credential',
          rows: 2,
          operations: { local: { rewrap: 2, unwrap: 2 } },
          estimates: [{ provider: 'local', calls: 0, cost: 0, seconds: 0 }],
          triggers: [],
        },
      ],
    })
  })
})

describe('waxseal runs', () => {
  async function pausedRun(): Promise<string> {
    await insert(2)
    const { rows } = await made.client.query(
      `INSERT INTO waxseal.run (kind, entity, table_name, options, started_by)
        VALUES ('rotate', 'credential', $1, '{"verify":"each"}', 'x@y') RETURNING id`,
      [made.credentials.name],
    )
    const [{ id }] = rows
    expect(await made.run(['runs', 'pause', id])).toMatchObject({
      status: 0,
      stdout: '✓ rotate of "public"."credential": paused\n',
    })
    return id
  }

  test('a run is paused, resumed by hand, and then goes on', async () => {
    const id = await pausedRun()
    expect(await made.run(['rotate'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`runs resume ${id}`),
    })
    expect(await made.run(['runs', 'resume', id])).toMatchObject({ status: 0 })
    const { status, stderr } = await made.run(['rotate'])
    expect({ status, stderr }).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(`run ${id}, which is open, goes on`),
    })
    expect(await versions()).toEqual(['2', '2'])
  })

  test('a run is cancelled, which cannot be done twice', async () => {
    const id = await pausedRun()
    expect(await made.run(['runs', 'cancel', id])).toMatchObject({ status: 0 })
    expect(await made.run(['runs', 'cancel', id])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('is cancelled: expected one that is running or paused'),
    })
  })

  test('they are listed, with what was counted', async () => {
    await insert(2)
    await made.run(['rotate'])
    const { stdout } = await made.run(['runs'])
    expect(stdout).toMatch(
      /^[\w-]{36} {2}finished {3}rotate credential {2}\S+Z {2}\S+@\S+ {2}2 compared, 2 rewrapped\n$/,
    )
    expect(JSON.parse((await made.run(['runs', 'list', '--json'])).stdout)).toMatchObject([
      { kind: 'rotate', state: 'finished', counts: { rewrapped: 2, compared: 2 }, failed: 0, journal: false },
    ])
  })

  test('a journal that is still there is shown', async () => {
    const id = await pausedRun()
    await made.client.query(`INSERT INTO waxseal.rewrap_journal VALUES ($1, 'envelope', '{key}', '{}')`, [id])
    expect(await made.run(['runs'])).toMatchObject({ status: 0, stdout: expect.stringMatching(/ {2}journal open\n$/) })
    await made.client.query('DELETE FROM waxseal.rewrap_journal')
  })
})
