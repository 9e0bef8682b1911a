import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { generateLocalKey } from '../../providers/local/index.js'
import { WakeUps } from '../../src/rotation/wake-ups.js'
import { databaseWithSchema } from '../setup/database-with-schema.js'
import { insertLocalRows } from './local-rows.js'
import { whileLocked } from './locked-row.js'
import { type ProtectedProject, protectedProject } from './protected-project.js'
import { Running } from './running.js'

const keys = `1:${generateLocalKey()}\n2:${generateLocalKey()}`
const current = (currentKey: number) => ({ provider: { name: 'local', keys, currentKey } as const })

let made: ProtectedProject
let workers: Running[] = []

beforeAll(async () => {
  made = await protectedProject({}, current(2), databaseWithSchema())
})
afterAll(() => made.remove())
beforeEach(async () => {
  await made.client.query('TRUNCATE credential; DELETE FROM waxseal.run')
  made.configure({ rotation: undefined })
})
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.end('SIGKILL')))
  workers = []
})

async function startWorker(...args: readonly string[]): Promise<Running> {
  const worker = new Running(made.project.folder, ['worker', '--json', ...args])
  workers.push(worker)
  await worker.event('ready')
  return worker
}

/** Rows under key 1. */
const insert = (count: number) => insertLocalRows(made.credentials, { keys, currentKey: 1 }, count)

/** Starts a worker, and stops it in the middle of a batch until `then` has done its part. */
const stoppedWorker = (id: string, then: (worker: Running) => Promise<unknown>) =>
  whileLocked(made, id, startWorker, then)

async function counted(): Promise<unknown[]> {
  const { rows } = await made.client.query(
    `SELECT state, (SELECT sum(rows)::int FROM waxseal.run_count WHERE run = run.id AND name = 'rewrapped') AS rewrapped
      FROM waxseal.run ORDER BY started_at`,
  )
  return rows
}

const begin = () => made.run(['rotate', '--distributed', '--detach', '--json'])

describe('waxseal rotate --distributed', () => {
  test('shows what the workers have come to, and ends when the run has', async () => {
    await insert(7)
    const worker = await startWorker()
    const { status, stdout, stderr } = await made.run(['rotate', '--distributed'])
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: '✓ credential: 7 rewrapped; the field columns of 7 compared, before and after: none changed\n',
      stderr: expect.stringMatching(/^rotate of "public"\."credential": run [\w-]{36}\n/),
    })
    expect((await worker.event('report'))['report']).toMatchObject({ state: 'finished', rewrapped: 7 })
    expect(await worker.end('SIGTERM')).toEqual([0, null])
  })

  test('--verify sample: it ends when the workers have opened some of the rows', async () => {
    await insert(3)
    await startWorker()
    const { status, stdout } = await made.run(['rotate', '--distributed', '--verify', 'sample'])
    expect({ status, stdout }).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('the wraps of 3 opened; the old ones are thrown away'),
    })
  })

  test('--detach begins and does no work, and says so without it', async () => {
    await insert(2)
    const { status, stdout } = await begin()
    expect(status).toBe(0)
    expect(JSON.parse(stdout).runs).toMatchObject([{ kind: 'rotate', entity: 'credential', state: 'running' }])
    expect(await counted()).toEqual([{ state: 'running', rewrapped: null }])
    const text = await made.run(['rotate', '--distributed', '--detach'])
    expect(text.stdout).toMatch(/^rotate of "public"\."credential": run [\w-]{36} is left to the workers\n$/)
    expect(await made.run(['rotate', '--detach'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--detach: expected --distributed beside it'),
    })
  })
})

/** An option of Node with which a package is not found, as where it is not installed. */
function without(name: string): string {
  const resolve = `export const resolve = (name, context, next) => {
    if (name === '${name}') throw Object.assign(new Error(name), { code: 'ERR_MODULE_NOT_FOUND' })
    return next(name, context)
  }`
  const url = (source: string) => `data:text/javascript,${encodeURIComponent(source)}`
  return `--import=${url(`import { register } from 'node:module'; register(${JSON.stringify(url(resolve))})`)}`
}

test.each([
  ['worker', ['worker']],
  ['rotate --distributed', ['rotate', '--distributed', '--detach']],
  ['schema install --distributed', ['schema', 'install', '--distributed']],
])('%s without the package pg-boss says what to install', async (_command, args) => {
  expect(await made.run(args, { env: { NODE_OPTIONS: without('pg-boss') } })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('install it with "npm i pg-boss@10"'),
  })
})

describe('waxseal worker', () => {
  test('finds a run whose wake-up was lost', async () => {
    await insert(3)
    await begin()
    await made.client.query('DELETE FROM pgboss.job')
    const worker = await startWorker()
    expect((await worker.event('report'))['report']).toMatchObject({ state: 'finished', rewrapped: 3 })
  })

  test('a wake-up that comes again after the end begins nothing', async () => {
    await insert(3)
    await begin()
    const worker = await startWorker()
    const { report } = await worker.event('report')
    await worker.end('SIGTERM')
    const wakeUps = await WakeUps.connect(made.client)
    await wakeUps.send(report.run)
    await wakeUps.close()
    await insert(1)
    await begin()
    const other = await startWorker()
    expect((await other.event('report'))['report']).toMatchObject({ rewrapped: 1 })
    expect(other.count('started')).toBe(1)
    expect(await counted()).toEqual([
      { state: 'finished', rewrapped: 3 },
      { state: 'finished', rewrapped: 1 },
    ])
  })

  test('the rows of one that was killed are taken over, and each is counted once', async () => {
    const ids = await insert(40)
    await begin()
    await stoppedWorker(ids[20]!, (worker) => worker.end('SIGKILL'))
    await made.client.query(`UPDATE waxseal.run_range SET heartbeat_at = heartbeat_at - interval '15 seconds'`)
    const second = await startWorker()
    expect((await second.event('report'))['report']).toMatchObject({ state: 'finished', rewrapped: 40 })
    expect(second.count('takenOver')).toBe(1)
    expect(await counted()).toEqual([{ state: 'finished', rewrapped: 40 }])
  })

  test('SIGTERM ends it between batches: its rows are left to others at once', async () => {
    const ids = await insert(10)
    await begin()
    let ended: Promise<unknown[]> | undefined
    await stoppedWorker(ids[5]!, async (worker) => {
      ended = worker.end('SIGTERM')
    })
    expect(await ended).toEqual([0, null])
    const { rows } = await made.client.query('SELECT FROM waxseal.run_range WHERE owner IS NOT NULL')
    expect(rows).toEqual([])
    const second = await startWorker()
    await second.event('report')
    expect(await counted()).toEqual([{ state: 'finished', rewrapped: 10 }])
  })

  test('of many, one begins what is due, and it is not begun again', async () => {
    await insert(4)
    await made.client.query(`UPDATE credential SET encryption_metadata =
      jsonb_set(encryption_metadata, '{wraps,0,wrappedAt}', '"2020-01-01T00:00:00Z"') || '{"wrap": 2}'`)
    made.configure({ rotation: { every: '90d' } })
    const all = await Promise.all([startWorker(), startWorker(), startWorker()])
    // Whoever reports need not be the one that began it.
    for (const type of ['begun', 'report']) await Promise.race(all.map((worker) => worker.event(type)))
    expect(await counted()).toEqual([{ state: 'finished', rewrapped: 4 }])
    expect(all.map((worker) => worker.count('begun')).sort()).toEqual([0, 0, 1])
  })

  test('--entity names the tables that it works on', async () => {
    const { status, stderr } = await made.run(['worker', '--entity', 'nobody'])
    expect({ status, stderr }).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('expected one of credential'),
    })
  })

  test('goes on when its connections were lost', async () => {
    const worker = await startWorker()
    await made.client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    )
    await insert(2)
    await begin()
    expect((await worker.event('report'))['report']).toMatchObject({ state: 'finished', rewrapped: 2 })
  })
})
