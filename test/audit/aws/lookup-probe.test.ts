import { expect, test } from '@jest/globals'
import { ago, LookupUnderTest, MINUTE, trailEvent } from './lookup-under-test.js'

const under = LookupUnderTest.forSuite()

async function states(reader = under.reader()) {
  const checks = await reader.probe(new AbortController().signal)
  return Object.fromEntries(checks.map(({ id, state }) => [id, state]))
}

const dense = (count: number, everyMs: number) =>
  Array.from({ length: count }, (_, index) => trailEvent(ago(MINUTE + index * everyMs)))

test('a trail that can be read is fine', async () => {
  under.add(trailEvent(ago(MINUTE)))
  expect(await states()).toEqual({ 'lookup-events-allowed': 'ok', account: 'ok', 'reader-overloaded': 'ok' })
})

test('without any event the account is unknown', async () => {
  expect(await states()).toMatchObject({ account: 'unknown', 'reader-overloaded': 'ok' })
})

test('denied access is a failed check and no error', async () => {
  under.server.faults.add({ fault: 'deny' })
  expect(await states()).toEqual({ 'lookup-events-allowed': 'failed' })
})

test('what could not be asked is unknown, never fine', async () => {
  under.server.faults.add({ fault: 'server error' })
  expect(await states()).toEqual({ 'lookup-events-allowed': 'unknown' })
})

test('another account is a failed check', async () => {
  under.add(trailEvent(ago(MINUTE), { recipientAccountId: '444455556666' }))
  expect(await states()).toMatchObject({ account: 'failed' })
})

test('more events than can be read again and again are a failed check, with what to do', async () => {
  under.add(...dense(9_000, 180))
  const reader = under.reader()
  await under.pass(reader)
  const overloaded = (await reader.probe(new AbortController().signal)).find(({ id }) => id === 'reader-overloaded')
  expect(overloaded).toMatchObject({ state: 'failed', evidence: expect.stringMatching(/^5\.0 a second/) })
  expect(overloaded?.remedy).toContain('cloudtrail-s3')
})

test('a dense page before the first pass leaves it open', async () => {
  under.add(...dense(60, 10))
  expect(await states()).toMatchObject({ 'reader-overloaded': 'ok' })
  under.add(...dense(60, 10).map((_, index) => trailEvent(ago(index))))
  expect(await states()).toMatchObject({ 'reader-overloaded': 'unknown' })
})

test('a burst is no overload', async () => {
  under.add(...dense(400, 10))
  const reader = under.reader()
  await under.pass(reader)
  expect(await states(reader)).toMatchObject({ 'reader-overloaded': 'ok' })
})
