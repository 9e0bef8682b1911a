import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Run } from '../../src/jobs/index.js'
import { beginDue, dueOf } from '../../src/rotation/schedule.js'
import { Rotating } from './rotating.js'

const DAY = 86_400

let r: Rotating
beforeAll(async () => {
  r = await Rotating.create()
})
afterAll(() => r.drop())
beforeEach(() => r.credentials.query('TRUNCATE {table}; DELETE FROM waxseal.run'))

const table = () => r.credentials.table

async function ended(state: 'finished' | 'cancelled', daysAgo: number): Promise<void> {
  await r.credentials.query(
    `INSERT INTO waxseal.run (kind, entity, table_name, state, started_by, finished_at)
      VALUES ('rotate', 'credential', $1, $2, 'x@y', clock_timestamp() - $3 * interval '1 day')`,
    [r.credentials.name, state, daysAgo],
  )
}

/** A row whose wraps are so old. */
async function insertOld(wrappedAt: string): Promise<void> {
  const [row] = await r.insert(1)
  const metadata = row!.encryption_metadata
  const wraps = [{ ...metadata['wraps'][0], wrappedAt }]
  await r.unguarded(() =>
    r.credentials.query('UPDATE {table} SET encryption_metadata = $1 WHERE id = $2', [{ ...metadata, wraps }, row!.id]),
  )
}

async function begin(): Promise<Run | undefined> {
  const client = await r.pool.connect()
  return beginDue(client, table(), 90 * DAY, { verify: 'each' }).finally(() => client.release())
}

test('a table that was rotated is due so long after the end of the last one', async () => {
  await insertOld('2020-01-01T00:00:00Z')
  await ended('finished', 100)
  await ended('finished', 80)
  const due = await dueOf(r.pool, table(), 90 * DAY)
  expect(due).toMatchObject({ oldestWrap: undefined, overdue: false })
  expect(due.dueAt!.getTime() - due.lastFinished!.getTime()).toBe(90 * DAY * 1_000)
  expect(await dueOf(r.pool, table(), 70 * DAY)).toMatchObject({ overdue: true })
})

test('one that never was is due so long after its oldest wrap was made', async () => {
  await r.insert(1)
  expect(await dueOf(r.pool, table(), 90 * DAY)).toMatchObject({ overdue: false })
  await insertOld('2020-01-01T00:00:00Z')
  await ended('cancelled', 1)
  expect(await dueOf(r.pool, table(), 90 * DAY)).toEqual({
    lastFinished: undefined,
    oldestWrap: new Date('2020-01-01T00:00:00Z'),
    dueAt: new Date('2020-03-31T00:00:00Z'),
    overdue: true,
  })
})

test('nothing is due where nothing was ever wrapped, or nobody has said how often', async () => {
  expect(await dueOf(r.pool, table(), DAY)).toMatchObject({ dueAt: undefined, overdue: false })
  await insertOld('2020-01-01T00:00:00Z')
  expect(await dueOf(r.pool, table(), undefined)).toMatchObject({ dueAt: undefined, overdue: false })
})

test('of many who find it due, one begins it', async () => {
  const begun = await Promise.all(Array.from({ length: 6 }, begin))
  expect(begun.filter((run) => run !== undefined)).toMatchObject([{ kind: 'rotate', state: 'running' }])
})

test('it is not begun where one has ended within the time, be it cancelled', async () => {
  await ended('cancelled', 89)
  expect(await begin()).toBeUndefined()
  await r.credentials.query(`UPDATE waxseal.run SET finished_at = finished_at - interval '2 days'`)
  expect(await begin()).toMatchObject({ state: 'running' })
})
