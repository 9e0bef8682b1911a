import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, test } from '@jest/globals'
import { listRuns, type RunEvent } from '../../src/jobs/index.js'
import { type Marking, marking } from './marking.js'

let made: Marking
afterEach(() => made.drop())

test('every row of the chosen sets is handled once, and counted', async () => {
  made = await marking({ plain: 20, wrapped: 5 })
  expect(await made.work(made.job())).toBe('finished')
  expect(await made.marks()).toEqual({ x: 25 })
  expect(await made.report()).toEqual({ counts: { marked: 25 }, failed: 0, journal: false })
})

test('sets that the job does not choose are left alone', async () => {
  made = await marking({ plain: 4, wrapped: 5 })
  const job = made.job({ sets: async (sets) => sets.filter(({ sample }) => sample.metadata === '{}') })
  expect(await made.work(job)).toBe('finished')
  expect(await made.marks()).toEqual({ x: 4, '-': 5 })
})

test('no set to go through ends the run', async () => {
  made = await marking({ plain: 4 })
  expect(await made.work(made.job({ sets: async () => [] }))).toBe('finished')
  expect(await made.report()).toEqual({ counts: {}, failed: 0, journal: false })
})

test('many processes share a run', async () => {
  made = await marking({ plain: 60, wrapped: 60 })
  const job = made.job()
  const ends = await Promise.all([1, 2, 3, 4].map(() => made.work(job)))
  expect(ends).toEqual(['finished', 'finished', 'finished', 'finished'])
  expect(await made.marks()).toEqual({ x: 120 })
  expect(await made.report()).toEqual({ counts: { marked: 120 }, failed: 0, journal: false })
  expect(await listRuns(made.pool)).toMatchObject([{ kind: 'mark', entity: 'credential', state: 'finished', pass: 1 }])
})

test('the next batch is prepared while one is stored, and no transaction is open meanwhile', async () => {
  made = await marking({ plain: 7 })
  const states: unknown[] = []
  const { store } = made.job()
  const [batches, last] = [[3, 3, 1], 3]
  const stored: number[] = []
  let prepared = 0
  const job = made.job({
    async prepare(rows, { client }) {
      prepared++
      states.push(
        (await client.query('SELECT pg_current_xact_id_if_assigned() AS id, now() = statement_timestamp() AS alone'))
          .rows[0],
      )
      return rows
    },
    async store(client, rows, batch) {
      stored.push(rows.length)
      // Where nothing is prepared beside it, this never ends.
      while (prepared < Math.min(stored.length + 1, last)) await setImmediate()
      return store(client, rows, batch)
    },
  })
  expect(await made.work(job)).toBe('finished')
  expect({ stored, prepared }).toEqual({ stored: batches, prepared: last })
  expect(states).toEqual(Array(3).fill({ id: null, alone: true }))
})

describe('passes', () => {
  test('a set is gone through again while rows leave it, or were being changed by others', async () => {
    made = await marking({ plain: 4 })
    const passes: number[] = []
    const { store } = made.job()
    const job = made.job({
      async store(client, rows, batch) {
        passes.push(batch.pass)
        const outcome = await store(client, rows, batch)
        return { ...outcome, moved: batch.pass === 1 ? 1 : 0, lost: batch.pass === 2 ? 1 : 0 }
      },
    })
    expect(await made.work(job)).toBe('finished')
    expect([...new Set(passes)]).toEqual([1, 2, 3])
  })

  test('five at most: somebody who writes for ever is not run after', async () => {
    made = await marking({ plain: 1 })
    const { store } = made.job()
    const job = made.job({
      store: async (client, rows, batch) => ({ ...(await store(client, rows, batch)), moved: 1 }),
    })
    expect(await made.work(job)).toBe('finished')
    expect(await made.marks()).toEqual({ xxxxx: 1 })
  })
})

describe('rows that cannot be handled', () => {
  const failing = (which: (id: string) => boolean, message = 'no') =>
    made.job({
      async store(_client, rows) {
        const failures = rows
          .filter(({ primaryKey }) => which(primaryKey['id']!))
          .map((row) => ({ row, error: Object.assign(new Error(message), { code: '22P02' }) }))
        return { counts: { marked: rows.length - failures.length }, moved: 0, lost: 0, failures }
      },
    })

  test('are written down without what the database said of them, and stop no other', async () => {
    made = await marking({ plain: 9 })
    const bad = new Set([made.ids[0]!, made.ids[5]!])
    expect(await made.work(failing((id) => bad.has(id), 'the value "hunter2" is no number'))).toBe('finished')
    expect(await made.report()).toEqual({ counts: { marked: 7 }, failed: 2, journal: false })
    const { rows } = await made.pool.query('SELECT primary_key, code, message FROM waxseal.run_failure')
    expect(rows.map(({ primary_key: [id] }) => id).sort()).toEqual([...bad].sort())
    expect(JSON.stringify(rows)).not.toContain('hunter2')
    expect(rows[0]).toMatchObject({ code: '22P02', message: 'the database refused to store the row' })
  })

  test('are no failures any more when a later pass handles them', async () => {
    made = await marking({ plain: 4 })
    const { store } = made.job()
    const job = made.job({
      async store(client, rows, batch) {
        if (batch.pass > 1) return store(client, rows, batch)
        const failures = rows.map((row) => ({ row, error: new Error('once') }))
        return { counts: {}, moved: 1, lost: 0, failures }
      },
    })
    expect(await made.work(job)).toBe('finished')
    expect(await made.report()).toEqual({ counts: { marked: 4 }, failed: 0, journal: false })
  })
})

test('it tells what happens', async () => {
  made = await marking({ plain: 5 })
  const events: RunEvent[] = []
  await made.work(made.job(), { onEvent: (event) => events.push(event) })
  expect(events).toMatchObject([
    { type: 'pass', pass: 1, sets: 1, estimatedRows: expect.any(Number) },
    { type: 'batch', rows: 3, outcome: { counts: { marked: 3 } } },
    { type: 'batch', rows: 2, outcome: { counts: { marked: 2 } } },
    { type: 'ended', state: 'finished' },
  ])
})
