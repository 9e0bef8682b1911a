import { afterEach, expect, test } from '@jest/globals'
import { listRuns } from '../../src/jobs/index.js'
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
