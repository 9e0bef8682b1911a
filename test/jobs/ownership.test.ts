import { afterEach, describe, expect, test } from '@jest/globals'
import { changeRun, type Job, type RunEvent, readRun } from '../../src/jobs/index.js'
import type { StoredRow } from '../../src/postgres/index.js'
import { ManualClock } from '../../src/testing/index.js'
import { type Marking, marking } from './marking.js'

let made: Marking
afterEach(() => made.drop())

/** The job, with something done before a batch is stored. */
function interrupted(nth: number, run: () => Promise<unknown>): Job<readonly StoredRow[]> {
  const { store } = made.job()
  let stored = 0
  return made.job({
    async store(client, rows, batch) {
      if (++stored === nth) await run()
      return store(client, rows, batch)
    },
  })
}

const ranges = async () => (await made.pool.query('SELECT owner, cursor, until FROM waxseal.run_range')).rows

test('a batch that fails is undone, and its rows are left to others at once', async () => {
  made = await marking({ plain: 10 })
  const broken = interrupted(2, () => Promise.reject(new Error('broken')))
  await expect(made.work(broken)).rejects.toThrow('broken')
  expect(await made.marks()).toEqual({ x: 3, '-': 7 })
  expect(await ranges()).toMatchObject([{ owner: null, cursor: [expect.any(String)] }])
  const events: RunEvent[] = []
  expect(await made.work(made.job(), { onEvent: (event) => events.push(event) })).toBe('finished')
  expect(events[0]).toEqual({ type: 'takenOver' })
  expect(await made.marks()).toEqual({ x: 10 })
  expect(await made.report()).toMatchObject({ counts: { marked: 10 } })
})

describe('a process that was silent for 15 seconds', () => {
  test('is replaced, and what it stores afterwards is undone', async () => {
    made = await marking({ plain: 10 })
    const late = interrupted(2, async () => {
      // Meanwhile another one does all the rest.
      await made.silence()
      expect(await made.work(made.job())).toBe('finished')
    })
    expect(await made.work(late)).toBe('finished')
    expect(await made.marks()).toEqual({ x: 10 })
    expect(await made.report()).toMatchObject({ counts: { marked: 10 } })
  })

  test('and one that was not is waited for', async () => {
    made = await marking({ plain: 5 })
    const controller = new AbortController()
    const events: string[] = []
    const slow = interrupted(1, async () => {
      const other = made.work(made.job(), {
        signal: controller.signal,
        onEvent({ type }) {
          events.push(type)
          if (type === 'waiting') controller.abort()
        },
      })
      expect(await other).toBe('running')
    })
    expect(await made.work(slow, { rangeRows: 100 })).toBe('finished')
    expect(events).toEqual(['waiting', 'ended'])
    expect(await made.marks()).toEqual({ x: 5 })
  })

  test('gives a sign every 5 seconds, while it is at work', async () => {
    made = await marking({ plain: 5 })
    const clock = new ManualClock()
    const beats = async () =>
      (await made.pool.query('SELECT max(heartbeat_at)::text AS at FROM waxseal.run_range')).rows[0].at
    const job = interrupted(1, async () => {
      const first = await beats()
      await clock.advance(5_000)
      while ((await beats()) === first);
    })
    expect(await made.work(job, { clock })).toBe('finished')
    expect(clock.pendingTimers).toBe(0)
  })
})

describe('a run is told to', () => {
  async function toldTo(change: 'pause' | 'cancel'): Promise<[end: string, id: string]> {
    made = await marking({ plain: 10 })
    const { run } = await made.open()
    const end = await made.work(interrupted(1, () => changeRun(made.pool, run.id, change)))
    expect(await made.marks()).toEqual({ x: 3, '-': 7 })
    return [end, run.id]
  }

  test('pause, and goes on where it was when it is resumed', async () => {
    const [end, id] = await toldTo('pause')
    expect(end).toBe('paused')
    await expect(made.work(made.job())).rejects.toMatchObject({ message: expect.stringContaining('is paused') })
    await changeRun(made.pool, id, 'resume')
    expect(await made.work(made.job())).toBe('finished')
    expect(await made.marks()).toEqual({ x: 10 })
    expect(await made.report()).toMatchObject({ counts: { marked: 10 } })
  })

  test('end, and stays as it is', async () => {
    const [end, id] = await toldTo('cancel')
    expect(end).toBe('cancelled')
    expect(await readRun(made.pool, id)).toMatchObject({ state: 'cancelled', finishedAt: expect.any(Date) })
    await expect(changeRun(made.pool, id, 'resume')).rejects.toMatchObject({ code: 'ERR_CONFIGURATION' })
  })

  test('do something that is no run', async () => {
    made = await marking({})
    await expect(changeRun(made.pool, 'nothing', 'pause')).rejects.toMatchObject({
      message: 'there is no run "nothing"; "waxseal runs" lists them',
    })
  })
})

test('whoever joins a run has to have its options', async () => {
  made = await marking({ plain: 1 })
  await made.open(made.job({ options: { verify: 'each' } }))
  await expect(made.open(made.job({ options: { verify: 'sample' } }))).rejects.toMatchObject({
    code: 'ERR_CONFIGURATION',
    message: expect.stringContaining('go on with those, or cancel it'),
  })
})

test('runs of another kind are at work on the table at the same time', async () => {
  made = await marking({ plain: 4 })
  const [one, two] = [made.job(), made.job({ kind: 'other' })]
  await Promise.all([made.work(one), made.work(two)])
  expect(await made.marks()).toEqual({ xx: 4 })
})
