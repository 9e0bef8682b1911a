import { describe, expect, test } from '@jest/globals'
import { positionOf } from '../../../providers/aws/trail/lookup-position.js'
import type { TrailBatch } from '../../../src/audit/trail/trail-reader.js'
import { ago, DAY, HOUR, idsOf, LookupUnderTest, MINUTE, NOW, trailEvent, uidsOf } from './lookup-under-test.js'

const under = LookupUnderTest.forSuite()

const later = (ms: number) => new Date(NOW.getTime() + ms)

/** The spans that were asked for, in minutes. */
async function spansOf(now: Date): Promise<number[]> {
  const spans = new Set<number>()
  under.server.state.onRequest = (_operation, { StartTime, EndTime }) => {
    spans.add(Math.round((Number(EndTime) - Number(StartTime)) / 60))
  }
  await under.pass(under.reader(), now)
  return [...spans]
}

test('windows overlap, and wider ones come at their times', async () => {
  expect(await spansOf(NOW)).toEqual([30])
  expect(await spansOf(later(MINUTE))).toEqual([3])
  expect(await spansOf(later(10 * MINUTE))).toEqual([30])
  expect(await spansOf(later(2 * HOUR))).toEqual([6 * 60])
  expect(await spansOf(later(2 * HOUR + MINUTE))).toEqual([3])
  expect(await spansOf(later(DAY))).toEqual([26 * 60])
  expect(await spansOf(later(7 * DAY))).toEqual([8 * 24 * 60])
})

describe('an event that comes late', () => {
  test.each([
    ['2 minutes', 2 * MINUTE, MINUTE],
    ['20 minutes', 20 * MINUTE, 10 * MINUTE],
    ['6 hours', 5.9 * HOUR, 2 * HOUR],
    ['26 hours', 25.9 * HOUR, DAY],
    ['8 days', 7.9 * DAY, 7 * DAY],
  ])('by %s is found by a sweep', async (_name, late, next) => {
    await under.pass(under.reader())
    const events = under.add(trailEvent(new Date(later(next).getTime() - late)))
    expect(uidsOf(await under.pass(under.reader(), later(next)))).toEqual(idsOf(events))
  })
})

test('what was not read while nobody read is read in the next pass', async () => {
  await under.pass(under.reader())
  const events = under.add(trailEvent(later(10 * MINUTE)), trailEvent(later(40 * HOUR)))
  expect(uidsOf(await under.pass(under.reader(), later(3 * DAY))).sort()).toEqual(idsOf(events).sort())
})

test('coverage ends where a delivery could still be on its way, and has no holes', async () => {
  const covered: { from: Date; to: Date; complete: boolean }[] = []
  const times = [0, 1, 10, 11, 23, 33, 55, 130, 131, 400].map((minutes) => later(minutes * MINUTE))
  for (const now of times) {
    for (const batch of await under.pass(under.reader(), now)) if (batch.covered) covered.push(batch.covered)
    expect(covered.at(-1)!.to.getTime()).toBeLessThanOrEqual(now.getTime() - 15 * MINUTE)
  }
  expect(covered.every(({ complete }) => complete)).toBe(true)
  expect(covered.slice(1).filter(({ from }, index) => from > covered[index]!.to)).toEqual([])
})

describe('the history', () => {
  async function passesToTheEnd(): Promise<TrailBatch[]> {
    const batches: TrailBatch[] = []
    for (let minutes = 1; positionOf(under.cursor)?.history; minutes++) {
      batches.push(...(await under.pass(under.reader(), later(minutes * MINUTE))))
    }
    return batches
  }

  test('is read newest first, as far back as is asked for, and is covered', async () => {
    const events = under.add(...[1, 5, 20, 29].map((days) => trailEvent(ago(days * DAY))), trailEvent(ago(31 * DAY)))
    const batches = await under.pass(under.reader({ backMs: 30 * DAY }))
    expect(uidsOf(batches)).toEqual(idsOf(events.slice(0, 4)))
    const covered = batches.flatMap(({ covered }) => covered ?? [])
    expect(covered.at(-1)).toMatchObject({ from: ago(30 * DAY), complete: true })
    expect(covered.slice(1).filter(({ to }, index) => to < covered[index]!.from)).toEqual([])
  })

  test('goes on in the next pass where it is long, after what is new', async () => {
    const events = under.add(
      ...Array.from({ length: 2_000 }, (_, index) => trailEvent(ago(HOUR + index * 30 * MINUTE))),
    )
    const first = await under.pass(under.reader({ backMs: 60 * DAY }))
    expect(uidsOf(first).length).toBeLessThan(events.length)
    expect(under.cursor).toHaveProperty('history')
    const read = new Set([...uidsOf(first), ...uidsOf(await passesToTheEnd())])
    expect(read).toEqual(new Set(idsOf(events)))
  })

  test('of 90 days is the most that there is', async () => {
    const [old] = under.add(trailEvent(ago(89 * DAY)), trailEvent(ago(91 * DAY)))
    const first = await under.pass(under.reader({ backMs: 400 * DAY }))
    expect(uidsOf([...first, ...(await passesToTheEnd())])).toEqual(idsOf([old!]))
  })
})

test('a position that another version stored is begun anew', async () => {
  under.cursor = { something: 'else' }
  expect(await spansOf(NOW)).toEqual([30])
})
